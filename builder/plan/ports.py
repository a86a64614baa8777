"""The words of EXPOSE: `[ip:][host:]port[-range][/protocol]`. Address and host port are checked and dropped."""

from __future__ import annotations

import re
from ipaddress import ip_address

from builder.errors import BuildfileError, Span

PROTOCOLS = ("tcp", "udp", "sctp")


def exposed_ports(word: str, span: Span) -> list[str]:
    """Every port that `word` names, as `port/protocol`. Raises BuildfileError `bad-port`."""
    address, host, container = split_port(word)
    numbers, _, protocol = container.partition("/")
    if protocol.lower() not in ("", *PROTOCOLS):
        raise _bad(word, f"the protocol is one of {', '.join(PROTOCOLS)}", span)
    if address:
        _check_address(address, word, span)
    ports = _range(numbers, word, span)
    hosts = _range(host, word, span) if host else ports
    if len(ports) > 1 and len(hosts) != len(ports):
        raise _bad(word, "host and container ranges differ in length", span)
    return [f"{port}/{protocol.lower() or 'tcp'}" for port in ports]


def split_port(word: str) -> tuple[str, str, str]:
    """Address, host ports, and container ports with their protocol."""
    parts = word.split(":")
    if len(parts) < 3:
        return "", parts[0] if len(parts) == 2 else "", parts[-1]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _check_address(address: str, word: str, span: Span) -> None:
    try:
        ip_address(address[1:-1] if address[0] == "[" and address[-1] == "]" else address)
    except ValueError:
        raise _bad(word, f"{address} is not an IP address", span) from None


def _range(text: str, word: str, span: Span) -> range:
    match = re.fullmatch(r"\+?([0-9]+)(?:-\+?([0-9]+))?", text)
    if not match:
        raise _bad(word, "a port is a number, a range two of them: 8000-8010", span)
    first, last = match[1], match[2] or match[1]
    if not all(len(number.lstrip("0")) <= 5 and int(number) <= 65535 for number in (first, last)):
        raise _bad(word, "ports go from 0 to 65535", span)
    if int(last) < int(first):
        raise _bad(word, "the range runs backwards", span)
    return range(int(first), int(last) + 1)


def _bad(word: str, why: str, span: Span) -> BuildfileError:
    return BuildfileError("bad-port", f"EXPOSE {word[:200]}: {why}", span=span)
