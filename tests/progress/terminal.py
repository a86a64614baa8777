"""A real terminal for tests: the far end of a pseudo terminal, with a screen that keeps what a person would see."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

import pyte

_PATIENCE = 60.0


class Terminal:
    def __init__(self, columns: int = 60, rows: int = 20) -> None:
        self._master, slave = os.openpty()
        self.stream: TextIO = open(slave, "w", encoding="utf-8")  # noqa: SIM115 - closed on exit
        self._screen = pyte.HistoryScreen(columns, rows, history=5000, ratio=0.5)
        self._feed = pyte.ByteStream(self._screen).feed
        self._changed = threading.Condition(threading.RLock())
        self.raw = b""
        self.resize(columns, rows)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._reader.join()
        os.close(self._master)

    def hang_up(self) -> None:
        if not self.stream.closed:
            self.stream.close()

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with self._changed:
            self._screen.resize(rows, columns)

    def lines(self) -> list[str]:
        """Everything from the first line scrolled away to the last on the screen."""
        with self._changed:
            columns = self._screen.columns
            gone = ["".join(row[at].data for at in range(columns)) for row in self._screen.history.top]
            return [line.rstrip() for line in [*gone, *self._screen.display]]

    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def wait_until(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """The lines as soon as `holds` of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: holds(self.lines()), _PATIENCE), "\n".join(self.lines())
            return self.lines()

    def wait_for(self, text: str) -> list[str]:
        return self.wait_until(lambda lines: any(text in line for line in lines))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            with self._changed:
                self.raw += data
                self._feed(data)
                self._changed.notify_all()
