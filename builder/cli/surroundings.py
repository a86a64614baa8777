"""The options of `pybuild build` that say what every RUN stands in."""

from __future__ import annotations

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING
from builder.plan.types import Surroundings, Ulimit

if TYPE_CHECKING:
    import argparse

_RIGHTS = ("network.host", "security.insecure", "device")
_GATEWAY = "host-gateway"
"""Docker's word for this machine: a build shares its network, so that is the loopback."""


def surroundings_of(args: argparse.Namespace) -> Surroundings:
    allowed = tuple(_right(text) for item in args.allow for text in item.split(","))
    return Surroundings(
        network=args.network,
        extra_hosts=tuple(extra_host(text) for text in args.add_host),
        shm_size=size_of(args.shm_size) if args.shm_size else 0,
        ulimits=tuple(ulimit_of(text) for text in args.ulimit),
        allowed=(*allowed, "network.host") if args.network == "host" else allowed,
    )


def _right(text: str) -> str:
    if text.partition("=")[0] not in _RIGHTS or text.startswith(("network.host=", "security.insecure=")):
        raise UsageError("bad-option", f"--allow {text}: no such right", hint=f"one of {', '.join(_RIGHTS)}")
    return text


def extra_host(text: str) -> tuple[str, str]:
    """`NAME:ADDRESS` or `NAME=ADDRESS`, an IPv6 address perhaps in brackets."""
    import ipaddress

    separator = "=" if "=" in text else ":"
    name, _, written = text.partition(separator)
    address = "127.0.0.1" if written == _GATEWAY else written.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        name = ""
    if not name:
        raise UsageError("bad-option", f"--add-host {text}: expected NAME:ADDRESS", hint="such as db:10.0.0.5")
    return name.lower(), address


def size_of(text: str) -> int:
    from builder.model.size import parse_size

    size = parse_size(text)
    if size is None:
        raise UsageError("bad-option", f"--shm-size {text}: not a size", hint="write it like 64m or 1g")
    return size


def ulimit_of(text: str) -> Ulimit:
    name, equals, limits = text.partition("=")
    soft, colon, hard = limits.partition(":")
    try:
        first = int(soft)
        second = int(hard) if colon else first
    except ValueError:
        equals = ""
        first = second = 0
    if not name or not equals:
        raise UsageError("bad-option", f"--ulimit {text}: expected NAME=SOFT[:HARD]", hint="such as nofile=1024:4096")
    if second != -1 and (first == -1 or first > second):
        raise UsageError("bad-option", f"--ulimit {text}: the soft limit is above the hard one")
    return Ulimit(name, first, second)
