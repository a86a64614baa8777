"""How the main process and the worker talk.

Control socket (SOCK_SEQPACKET): one packet per call with the job's name, and as descriptors the call's own socket and
what the job works on. On the call's socket: one line of JSON there (arguments), lines of JSON back: `ok`, `error` or
`bug` from the job, or `becomes` from one that turns into another program; at last `ended` from the worker, when the
process is gone. So a large request or a slow job never holds up the control socket, and hanging up cancels.
"""

from __future__ import annotations

import _socket
import contextlib
import json
import sys
from typing import Any

from builder import errors
from builder.errors import BuilderError

MAX_FDS = 16
_FD_BYTES = 4
_CLOEXEC = 0x40000000  # MSG_CMSG_CLOEXEC, which the socket module does not name


def receive_call(control: _socket.socket) -> tuple[str, list[int]]:
    """The next call's job and descriptors; no descriptors: the other side is gone."""
    room = _socket.CMSG_SPACE(MAX_FDS * _FD_BYTES)
    try:
        packet, ancillary, _, _ = control.recvmsg(256, room, _CLOEXEC)
    except ConnectionResetError:
        return "", []
    fds: list[int] = []
    for level, kind, data in ancillary:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            whole = len(data) - len(data) % _FD_BYTES
            fds += [int.from_bytes(data[at : at + _FD_BYTES], sys.byteorder) for at in range(0, whole, _FD_BYTES)]
    return packet.decode(), fds


def send_call(control: _socket.socket, job: str, fds: list[int]) -> None:
    data = b"".join(fd.to_bytes(_FD_BYTES, sys.byteorder) for fd in fds)
    control.sendmsg([job.encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, data)], _socket.MSG_NOSIGNAL)


def send(call: _socket.socket, message: dict[str, Any]) -> None:
    """Sends a message, unless the other side is gone: then nobody wants it. SIGPIPE, which has its default action in a
    worker, is not asked for: it would end the other jobs as well."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        call.sendall(encode(message), _socket.MSG_NOSIGNAL)


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message).encode() + b"\n"


def receive_line(call: _socket.socket) -> bytes:
    """The one line of a request, or what came of it before the end."""
    parts: list[bytes] = []
    while not (parts and parts[-1].endswith(b"\n")):
        try:
            part = call.recv(1 << 16)
        except ConnectionResetError:
            part = b""
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def describe(error: BuilderError) -> dict[str, Any]:
    fields = {"code": error.code, "message": error.message, "hint": error.hint, "retryable": error.retryable}
    return {"error": fields | {"kind": type(error).__name__}}


def revive(fields: dict[str, Any]) -> BuilderError:
    """The error that `describe` described, of the same class."""
    kind = getattr(errors, fields.pop("kind"))
    error: BuilderError = kind(fields.pop("code"), fields.pop("message"), **fields)
    return error


def trace_of(error: Exception) -> str:
    """For the report of a bug. Once the image's root is ours, no module of Python's can be found any more."""
    try:
        import traceback
    except ImportError:
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(error))


def end_of(status: int | None) -> str:
    """How a process ended, in words."""
    if status is None:
        return "vanished"
    return f"was ended by signal {-status}" if status < 0 else f"exited with code {status}"


def receive_all(call: _socket.socket) -> list[dict[str, Any]]:
    """All messages up to `ended`, or until the other side is gone. End of file says less: other jobs' processes may
    have the socket too."""
    messages: list[dict[str, Any]] = []
    rest = b""
    with contextlib.suppress(ConnectionResetError):
        while not (messages and "ended" in messages[-1]) and (part := call.recv(1 << 16)):
            *lines, rest = (rest + part).split(b"\n")
            messages += map(json.loads, lines)
    return messages
