"""Ports of this machine that lead into a container: which are free, and why one is not."""

from __future__ import annotations

import _socket
import errno
from collections.abc import Sequence
from contextlib import ExitStack

from builder.containers.types import Port
from builder.errors import SandboxError

_HINTS = {
    errno.EADDRINUSE: "something else listens on it, or another -p of the container has it",
    errno.EADDRNOTAVAIL: "it is no address of this machine",
    errno.EACCES: "a port below 1024 needs root",
}


def with_numbers(ports: Sequence[Port]) -> tuple[Port, ...]:
    """Who has no port on the host gets one that is free, each another one. Raises SandboxError `port-refused`."""
    with ExitStack() as held:
        return tuple(port if port.host else port._replace(host=_held(port, held).getsockname()[1]) for port in ports)


def check_free(ports: Sequence[Port]) -> None:
    """Raises SandboxError `port-refused`. The programs do not all say why they cannot listen, nor that they cannot on
    one of several addresses."""
    with ExitStack() as held:
        for port in ports:
            _held(port, held)


def port_refused(port: Port, why: str, hint: str | None = None) -> SandboxError:
    return SandboxError(
        "port-refused",
        f"cannot listen on {port.place}/{port.protocol} for the container{f': {why}' if why else ''}",
        hint=hint,
    )


def _held(port: Port, held: ExitStack) -> _socket.socket:
    try:
        return _listening(port, held)
    except OSError as error:
        raise port_refused(port, error.strerror or "", _HINTS.get(error.errno or 0)) from error


def _listening(port: Port, held: ExitStack) -> _socket.socket:
    """Connections that have just ended are in nobody's way; two who only have an address would not be in each other's,
    so it also listens."""
    kind = _socket.SOCK_DGRAM if port.protocol == "udp" else _socket.SOCK_STREAM
    sock = _socket.socket(_socket.AF_INET6 if port.is_ipv6 else _socket.AF_INET, kind)
    held.callback(sock.close)
    if port.is_ipv6:
        sock.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_V6ONLY, 1)
    if kind == _socket.SOCK_STREAM:
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    sock.bind((port.address, port.host))
    if kind == _socket.SOCK_STREAM:
        sock.listen(1)
    return sock
