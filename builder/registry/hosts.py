"""Where a registry is reached: the URLs behind the domain of an image name."""

from __future__ import annotations

import ipaddress

from builder.errors import UsageError
from builder.http.connections import ORDINARY, Security
from builder.http.places import is_loopback, without_port
from builder.lean import NamedTuple
from builder.model.reference import DEFAULT_DOMAIN, is_domain

_HUB_HOST = "registry-1.docker.io"
"""Docker Hub's registry does not answer under the domain that its image names carry."""


class Endpoint(NamedTuple):
    url: str
    """What `/v2/…` is appended to."""
    security: Security = ORDINARY

    @property
    def is_plain(self) -> bool:
        return self.url.startswith("http:")


def is_listed(host: str, insecure: tuple[str, ...]) -> bool:
    """Whether `HOST[:PORT]` is one of `insecure`, which may name networks too: `10.0.0.0/8`. A name is not looked up
    for that, as DNS may lie."""
    if host in insecure:
        return True
    try:
        address = ipaddress.ip_address(without_port(host).strip("[]"))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(item, strict=False) for item in insecure if "/" in item)


def check_insecure(item: str) -> None:
    """Raises UsageError `bad-registry` for what is neither HOST[:PORT] nor a network."""
    try:
        ipaddress.ip_network(item, strict=False)
    except ValueError:
        is_network = False
    else:
        is_network = "/" in item
    if not is_network and not is_domain(item):
        hint = "write HOST, HOST:PORT or ADDRESS/BITS, without http://"
        raise UsageError("bad-registry", f"not an insecure registry: {item[:200]!r}", hint=hint)


def host_of_domain(domain: str) -> str:
    return _HUB_HOST if domain == DEFAULT_DOMAIN else domain


def endpoints(domain: str, insecure: tuple[str, ...] = (), security: Security = ORDINARY) -> tuple[Endpoint, ...]:
    """What to try, in order, until one answers. Https with a certificate that holds, and nothing else, unless the
    registry is on this machine (then plain http comes first) or `insecure` lists it (then it comes last). `security`
    is what the user has said of this host: a host with authorities of its own is held to them."""
    host = host_of_domain(domain)
    secure = Endpoint(f"https://{host}", security)
    if domain in insecure or is_listed(host, insecure):
        return Endpoint(f"https://{host}", security._replace(verify=False)), Endpoint(f"http://{host}")
    if is_loopback(without_port(host)) and not security.authorities:
        return Endpoint(f"http://{host}"), Endpoint(f"https://{host}", security._replace(verify=False))
    return (secure,)
