"""What passes between a monitor and whoever talks to it: packets (SOCK_SEQPACKET).

The first packet of a connection is a request, one JSON object with `do`; the answer is one too, with `ok` or `error`.
An attached connection goes on: from the monitor output, each packet with its stream's number before it, and at last an
object with `ended`; to the monitor what is typed behind STDIN (nothing: the end of input), and objects with `size` or
`signal`. Objects are told by their brace.
"""

from __future__ import annotations

import _socket
import json
import os
import sys
from typing import Any

STDIN, STDOUT, STDERR = b"\0", b"\1", b"\2"
MOST = 32 << 10
"""Bytes of a stream in one packet."""
_PACKET = 256 << 10
_CLOEXEC = 0x40000000  # MSG_CMSG_CLOEXEC


def connect(folder: str) -> _socket.socket:
    """To the monitor of the container in `folder`. OSError where there is none."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    with _Short(folder) as place:
        sock.connect(f"{place}/control")
    return sock


def listen(folder: str) -> _socket.socket:
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    with _Short(folder) as place:
        if os.path.lexists(f"{place}/control"):
            os.unlink(f"{place}/control")
        sock.bind(f"{place}/control")
    sock.listen(16)
    return sock


class _Short:
    """A name for a folder that is short enough for a socket's address (108 bytes), however deep it lies."""

    def __init__(self, folder: str) -> None:
        self._fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._fd}"

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def pack(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def unpack(packet: bytes) -> dict[str, Any] | None:
    """None for what is no object."""
    return dict(json.loads(packet)) if packet[:1] == b"{" else None


def send(sock: _socket.socket, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
    data = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
    sock.sendmsg([pack(message)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, data)] if fds else [])


def receive(sock: _socket.socket) -> tuple[bytes, list[int]]:
    """A packet and the descriptors that came with it; no bytes: the other side is gone. That it is gone without having
    read all that we sent is told first, once, then what it sent before."""
    try:
        packet, ancillary, _, _ = _next(sock)
    except ConnectionResetError:
        packet, ancillary, _, _ = _next(sock)
    fds: list[int] = []
    for level, kind, data in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            fds += [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data) - len(data) % 4, 4)]
    return packet, fds


def _next(sock: _socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
    return sock.recvmsg(_PACKET, _socket.CMSG_SPACE(64), _CLOEXEC)
