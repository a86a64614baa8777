"""Waits that somebody should know of: nobody likes a command that stands still and does not say why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

Over = Callable[[], object]
Tell = Callable[[str], Over]
"""Is told what is waited for; what it returns is called when that is over."""


class _Asked:
    """A request that has no answer yet."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.began = time.monotonic()
        self.over: Over | None = None


class Waits:
    """Safe to share between threads."""

    def __init__(self, short_s: float) -> None:
        """Waits that are shorter nobody is told of."""
        self._short_s = short_s
        self._tell: Tell | None = None
        self._asked: set[_Asked] = set()
        self._mutex = threading.Lock()

    @contextmanager
    def told_to(self, tell: Tell) -> Generator[None]:
        """While the block lasts."""
        ended = threading.Event()
        ticker = threading.Thread(target=self._tell_of_answers, args=(tell, ended), name="waits", daemon=True)
        self._tell = tell
        ticker.start()
        try:
            yield
        finally:
            self._tell = None
            ended.set()
            ticker.join()

    @contextmanager
    def before(self, host: str, seconds: float, why: str) -> Generator[None]:
        """The block waits for so long until `host` is asked again."""
        tell = self._tell if seconds >= self._short_s else None
        over = tell(f"waiting for {host}: {why}") if tell else None
        try:
            yield
        finally:
            if over:
                over()

    @contextmanager
    def answer_of(self, host: str) -> Generator[None]:
        """The block waits for an answer of `host`, however long that takes."""
        asked = _Asked(host)
        with self._mutex:
            self._asked.add(asked)
        try:
            yield
        finally:
            with self._mutex:
                self._asked.remove(asked)
            if asked.over:
                asked.over()

    def _tell_of_answers(self, tell: Tell, ended: threading.Event) -> None:
        while not ended.wait(self._short_s / 3):
            now = time.monotonic()
            with self._mutex:
                for asked in self._asked:
                    if asked.over is None and now - asked.began >= self._short_s:
                        asked.over = tell(f"waiting for {asked.host}: no answer yet")
