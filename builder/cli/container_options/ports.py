"""`-p`."""

from __future__ import annotations

from collections.abc import Sequence

from builder.containers.types import Port
from builder.errors import UsageError

_PROTOCOLS = ("tcp", "udp")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - docker's default


def ports_of(texts: Sequence[str]) -> tuple[Port, ...]:
    """`[[ADDRESS:]HOST:]CONTAINER[/tcp|udp]`, each number perhaps a range; without HOST, or with 0, any free port."""
    return tuple(port for text in texts for port in _ports(text))


def exposed_of(texts: Sequence[str]) -> tuple[str, ...]:
    """`PORT[/tcp|udp]`, the number perhaps a range, as configurations have them."""
    found = []
    for text in texts:
        number, _, protocol = text.partition("/")
        numbers = _range(number)
        if numbers is None or (protocol or "tcp") not in _PROTOCOLS:
            raise UsageError("bad-option", f"--expose {text}: no port", hint="such as 80, 53/udp or 8000-8010")
        found += [f"{one}/{protocol or 'tcp'}" for one in numbers]
    return tuple(found)


def _ports(text: str) -> list[Port]:
    places, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    address, host, container = _split(places)
    inside = _range(container)
    outside = _range(host) if host not in ("", "0") else [0] * len(inside or ())
    if protocol not in _PROTOCOLS or not inside or outside is None or not _is_address(address):
        hint = "[[ADDRESS:]HOST:]CONTAINER[/tcp|udp], such as 8080:80 or 127.0.0.1:5353:53/udp"
        raise UsageError("bad-option", f"-p {text}: no ports", hint=hint)
    if len(outside) != len(inside):
        hint = f"for {len(inside)} in the container name {len(inside)} here, or none: any free ones"
        raise UsageError("bad-option", f"-p {text}: {len(outside)} ports lead to {len(inside)}", hint=hint)
    return [Port(number, protocol, outside[at], address) for at, number in enumerate(inside)]


def _split(text: str) -> tuple[str, str, str]:
    rest, _, container = text.rpartition(":")
    address, colon, host = rest.rpartition(":")
    if not colon:
        return _EVERYWHERE, rest, container
    return address.removeprefix("[").removesuffix("]") or _EVERYWHERE, host, container


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _range(text: str) -> range | None:
    first, dash, last = text.partition("-")
    if not (first.isascii() and first.isdecimal()) or (dash and not last.isdecimal()):
        return None
    numbers = range(int(first), int(last if dash else first) + 1)
    return numbers if numbers and numbers[0] > 0 and numbers[-1] < 65536 else None
