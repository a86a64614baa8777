"""A wire that breaks: between a client and a server, counting bytes both ways, without knowing what they mean."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

_CHUNK = 16 << 10


class Wire:
    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self._cuts: list[int] = []
        self._passed = 0
        self._mutex = threading.Lock()
        self.address = ""

    def cut_at(self, cuts: Iterable[int]) -> None:
        """The connection on which the next bytes come to so many, counted from now on, breaks there; other connections
        stay."""
        with self._mutex:
            self._passed, self._cuts = 0, sorted(cuts)

    @property
    def passed(self) -> int:
        """Bytes since `cut_at`."""
        return self._passed

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._upstream) as server:
            ways = [threading.Thread(target=self._pump, args=pair) for pair in ((client, server), (server, client))]
            for way in ways:
                way.start()
            for way in ways:
                way.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                allowed = self._allowed(len(data))
                target.sendall(data[:allowed])
                if allowed < len(data):
                    break
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _allowed(self, count: int) -> int:
        with self._mutex:
            if self._cuts and self._passed + count > self._cuts[0]:
                count = self._cuts.pop(0) - self._passed
            self._passed += count
        return count


@contextmanager
def breaking_wire(upstream: str) -> Generator[Wire]:
    """A wire to the server at `upstream`, on a port of its own; it holds until `cut_at` says otherwise."""
    wire = Wire(upstream)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.address = f"127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=wire.serve, args=(listener.accept()[0],), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield wire
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
