"""What a command, or a caller from Python, asks of every RUN's surroundings, checked."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from builder.errors import UsageError
from builder.plan.types import Surroundings, Ulimit

NETWORKS = ("default", "none", "host")
_RIGHTS = ("network.host", "security.insecure", "device")
_GATEWAY = "host-gateway"
"""Docker's word for this machine: a build shares its network, so that is the loopback."""


def surroundings(
    network: str = "default",
    hosts: Iterable[tuple[str, str]] = (),
    shm_size: int = 0,
    ulimits: Iterable[tuple[str, int, int]] = (),
    allow: Sequence[str] = (),
) -> Surroundings:
    """Raises UsageError `bad-option`."""
    if network not in NETWORKS:
        raise _bad(f"network {network!r}", f"one of {', '.join(NETWORKS)}")
    allowed = tuple(_right(text) for text in allow)
    return Surroundings(
        network=network,
        extra_hosts=tuple(host(name, address) for name, address in hosts),
        shm_size=shm_size,
        ulimits=tuple(ulimit(*limit) for limit in ulimits),
        allowed=(*allowed, "network.host") if network == "host" else allowed,
    )


def _right(text: str) -> str:
    if text.partition("=")[0] not in _RIGHTS or text.startswith(("network.host=", "security.insecure=")):
        raise _bad(f"no such right to allow: {text}", f"one of {', '.join(_RIGHTS)}")
    return text


def host(name: str, written: str) -> tuple[str, str]:
    """An IPv6 address may stand in brackets. Raises UsageError, as all here."""
    address = "127.0.0.1" if written == _GATEWAY else written.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise _bad(f"{written!r} is no address for a host", "such as 10.0.0.5") from None
    return name.lower(), address


def ulimit(name: str, soft: int, hard: int) -> Ulimit:
    if hard != -1 and (soft == -1 or soft > hard):
        raise _bad(f"the soft limit of {name} is above the hard one", "such as nofile=1024:4096")
    return Ulimit(name, soft, hard)


def _bad(message: str, hint: str) -> UsageError:
    return UsageError("bad-option", message, hint=hint)
