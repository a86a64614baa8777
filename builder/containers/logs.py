"""Reading a container's log."""

from __future__ import annotations

import _socket
import json
import os
import select
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from builder.containers.client import ask
from builder.containers.records import folder_of
from builder.containers.types import Container
from builder.errors import StoreError
from builder.store.store import Store

_BLOCK = 1 << 16
_PAUSE_MS = 50


class Line(NamedTuple):
    data: bytes
    stream: str
    """`stdout` or `stderr`."""
    time: str


def read_log(store: Store, container: Container, *, tail: int | None = None, follow: bool = False) -> Iterator[Line]:
    """All of it, or the last `tail` lines; with `follow` also what comes, until the container ends."""
    path = f"{folder_of(store, container.id)}/log"
    if not os.path.exists(path):  # it has not been started yet
        return
    with open(path, "rb") as file:
        if tail is not None:
            file.seek(_offset(file, tail))
        with _Watch(store, container, follow) as watch:
            while True:
                over = watch.is_over()
                yield from _lines(file)
                if over:
                    return
                watch.wait()


class _Watch:
    """Knows when the container has ended; without `follow`, as if it had."""

    def __init__(self, store: Store, container: Container, follow: bool) -> None:
        self._sock: _socket.socket | None = None
        if follow:
            with suppress(StoreError):  # it does not run
                self._sock, _ = ask(store, container.id, container.name, {"do": "watch"})
        self._poll = select.poll()
        if self._sock:
            self._poll.register(self._sock, select.POLLIN)

    def is_over(self) -> bool:
        return self._sock is None or bool(self._poll.poll(0))

    def wait(self) -> None:
        self._poll.poll(_PAUSE_MS)

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sock:
            self._sock.close()


def _lines(file: BinaryIO) -> Iterator[Line]:
    """Those that are whole; the rest is read again later."""
    while True:
        start = file.tell()
        text = file.readline()
        if not text.endswith(b"\n"):
            file.seek(start)
            return
        entry = json.loads(text)
        yield Line(entry["log"].encode("utf-8", "surrogateescape"), entry["stream"], entry["time"])


def _offset(file: BinaryIO, lines: int) -> int:
    """Where the last `lines` lines begin."""
    at = file.seek(0, os.SEEK_END)
    ends = 0
    while at > 0:
        size = min(_BLOCK, at)
        at = file.seek(at - size)
        block = file.read(size)
        for position in range(len(block) - 1, -1, -1):
            if block[position] == 10:
                ends += 1
                if ends > lines:
                    return at + position + 1
    return 0
