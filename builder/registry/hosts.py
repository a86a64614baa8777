"""Where a registry is reached: the URL behind the domain of an image name."""

from __future__ import annotations

import ipaddress

from builder.model.reference import DEFAULT_DOMAIN

_HUB_HOST = "registry-1.docker.io"
"""Docker Hub's registry does not answer under the domain that its image names carry."""


def base_url(domain: str) -> str:
    """The URL that `/v2/…` is appended to: http for this machine itself, https for every other host."""
    host = _HUB_HOST if domain == DEFAULT_DOMAIN else domain
    scheme = "http" if is_loopback(_without_port(host)) else "https"
    return f"{scheme}://{host}"


def is_loopback(host: str) -> bool:
    """Whether `host` (no port) is certainly this machine. Names are not looked up: DNS may lie."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
