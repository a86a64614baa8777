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


class Wanted(NamedTuple):
    """Of a log; nothing said: all that is there."""

    tail: int | None = None
    """The last so many lines, whatever their times."""
    since: str = ""
    until: str = ""
    """RFC 3339 as `times` writes it, so that the order of texts is that of times."""
    follow: bool = False
    """Also what comes, until the container ends."""


def read_log(store: Store, container: Container, wanted: Wanted) -> Iterator[Line]:
    for line in _all_lines(store, container, wanted):
        if wanted.until and line.time > wanted.until:
            return
        if line.time >= wanted.since:
            yield line


def _all_lines(store: Store, container: Container, wanted: Wanted) -> Iterator[Line]:
    if not container.settings.log.kept:
        raise StoreError("no-log", f"container {container.name} was made with --log-driver none: nothing is kept")
    log = _Files(f"{folder_of(store, container.id)}/log")
    if wanted.tail is not None:
        log.go_back(wanted.tail)
    with log, _Watch(store, container, wanted.follow) as watch:
        while True:
            over = watch.is_over()
            yield from log.lines()
            if over:
                return
            watch.wait()


class _Files:
    """What is there of a log, oldest first. Files change their names while they are read (monitor/log.py), so they are
    known by their inodes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def go_back(self, lines: int) -> None:
        """To where the last `lines` lines begin."""
        for name in reversed(self._names()):
            with suppress(FileNotFoundError):
                file = open(name, "rb")  # noqa: SIM115 - closed with the next one, or with this
                self._be_in(file)
                place, lines = _offset(file, lines)
                file.seek(place)
                if not lines:
                    return

    def lines(self) -> Iterator[Line]:
        """Those that are whole; the rest is read another time. Not more than what is there now: one that never stops
        talking may be faster than whoever reads."""
        try:
            newest = os.stat(self._path)
        except FileNotFoundError:  # it has not been started yet
            return
        while self._file or self._advance():
            assert self._file  # noqa: S101 - for the type checker
            is_newest = os.path.samestat(os.fstat(self._file.fileno()), newest)
            yield from _lines(self._file, newest.st_size if is_newest else None)
            if is_newest or not self._advance():
                return

    def _names(self) -> list[str]:
        older: list[str] = []
        while os.path.exists(name := f"{self._path}.{len(older) + 1}"):
            older.append(name)
        return [*reversed(older), self._path]

    def _advance(self) -> bool:
        """To the file that follows, or to the oldest where ours is gone; False: there is none."""
        while True:
            before = self._inode(self._path)
            names = self._names()
            inodes = [self._inode(name) for name in names]
            ours = os.fstat(self._file.fileno()).st_ino if self._file else 0
            at = inodes.index(ours) + 1 if ours in inodes else 0
            if at == len(names):
                return False
            with suppress(FileNotFoundError):
                file = open(names[at], "rb")  # noqa: SIM115 - closed with the next one
                if self._inode(self._path) == before:  # else all have moved on by one meanwhile
                    self._be_in(file)
                    return True
                file.close()

    def _be_in(self, file: BinaryIO) -> None:
        if self._file:
            self._file.close()
        self._file = file

    @staticmethod
    def _inode(name: str) -> int:
        try:
            return os.stat(name).st_ino
        except FileNotFoundError:
            return 0


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


def _lines(file: BinaryIO, end: int | None = None) -> Iterator[Line]:
    """Those that are whole, up to `end`; the rest is read again later. What a machine that stopped left of a line is
    none."""
    while end is None or file.tell() < end:
        start = file.tell()
        text = file.readline()
        if not text.endswith(b"\n"):
            file.seek(start)
            return
        with suppress(ValueError, KeyError):
            entry = json.loads(text)
            yield Line(entry["log"].encode("utf-8", "surrogateescape"), entry["stream"], entry["time"])


def _offset(file: BinaryIO, lines: int) -> tuple[int, int]:
    """Where the last `lines` lines begin, and how many of them are not in this file."""
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
                    return at + position + 1, 0
    return 0, lines - ends
