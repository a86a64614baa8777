"""What a URL says of where it leads."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_loopback(host: str) -> bool:
    """Whether `host` (no port) is certainly this machine. Names are not looked up: DNS may lie."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def place_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what has to be the same for a credential to be sent. Raises ValueError for a URL that has
    none of it."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError(url)
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def host_of(url: str) -> str:
    """Host and port of a URL, for messages: paths and queries may hold signatures, and user names secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]


def without_port(netloc: str) -> str:
    """The host of `HOST[:PORT]`; an IPv6 address keeps its brackets."""
    if netloc.startswith("["):
        return netloc.partition("]")[0] + "]"
    return netloc.partition(":")[0]
