"""Connections on which a peer that dribbles bytes is given up, and all of which can be cut at once.

A socket's timeout counts from one byte to the next. A server that sends one byte a minute, of a header or of a body,
would never meet it; here the bytes of a whole span of waiting are counted.

A connection that breaks within the headers of an answer is as good as one that breaks before: http.client takes those
that have come for all, without the length of the body.
"""

from __future__ import annotations

import errno
import http.client
import io
import os
import socket
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from builder.http.patience import Patience

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER = 256 << 10


class SteadyReader(io.RawIOBase):
    """Reads a socket; TimeoutError once `slow_bytes` have not come in `read_timeout_s` seconds of waiting. Time that
    its reader spends elsewhere does not count."""

    def __init__(self, raw: io.RawIOBase, patience: Patience) -> None:
        super().__init__()
        self._raw = raw
        self._patience = patience
        self._waited = 0.0
        self._came = 0
        self.has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        began = time.monotonic()
        count = self._raw.readinto(buffer)
        self._waited += time.monotonic() - began
        self._came += count or 0
        self.has_ended = count == 0
        if self._waited > self._patience.read_timeout_s:
            if count and self._came < self._patience.slow_bytes:
                raise TimeoutError(0, f"only {self._came} bytes came in {self._waited:.0f} seconds")
            self._waited, self._came = 0.0, 0
        return int(count) if count is not None else None

    def close(self) -> None:
        self._raw.close()
        super().close()


class Live:
    """All connections that there are. Safe to share between threads."""

    def __init__(self) -> None:
        self._connections: weakref.WeakSet[HTTPConnection] = weakref.WeakSet()
        self._is_over = False
        self._mutex = threading.Lock()

    def enter(self, connection: HTTPConnection) -> None:
        """One that has just been connected; ConnectionAbortedError when it comes too late."""
        with self._mutex:
            self._connections.add(connection)
            if self._is_over:
                _cut(connection)
                raise ConnectionAbortedError(errno.ECONNABORTED, os.strerror(errno.ECONNABORTED))

    def cut(self) -> None:
        """Ends all, for good: threads that wait on them get an error."""
        with self._mutex:
            self._is_over = True
            for connection in list(self._connections):
                _cut(connection)


def steady_pools(patience: Patience, live: Live) -> dict[str, type[HTTPConnectionPool]]:
    """What a `PoolManager` makes its pools of, by scheme."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
            super().__init__(sock, *args, **named)
            self._steady = SteadyReader(self.fp.detach(), patience)
            self.fp = io.BufferedReader(self._steady, _BUFFER)

        def begin(self) -> None:
            super().begin()
            if self._steady.has_ended:  # nothing is read of the body yet
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    class Plain(HTTPConnection):
        response_class = Response

        def connect(self) -> None:
            super().connect()
            live.enter(self)

    class Secure(HTTPSConnection):
        response_class = Response

        def connect(self) -> None:
            super().connect()
            live.enter(self)

    plain = type("SteadyPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
    secure = type("SteadySecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
    return {"http": plain, "https": secure}


def _cut(connection: HTTPConnection) -> None:
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
