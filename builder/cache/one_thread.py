"""A thread that does one call after another: what a library gives to one thread only, such as a connection of sqlite,
can so be used by all."""

from __future__ import annotations

import threading
import time
from _queue import Empty, SimpleQueue
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class _Call(Generic[_T]):
    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._results: list[_T] = []
        self._error: BaseException | None = None
        self._done: SimpleQueue[None] = SimpleQueue()

    def carry_out(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - belongs to the thread that asks
            self._error = error
        self._done.put(None)

    @property
    def has_failed(self) -> bool:
        return self._error is not None

    def result(self) -> _T:
        self._done.get()
        if self._error is not None:
            raise self._error
        return self._results[0]


class OneThread:
    """Safe between threads. Whoever makes one ends it.

    `later` is called by the thread a while after `soon`, once however often `soon` is called in between; calls that
    someone waits for go first. What it raises comes out of `end`.
    """

    def __init__(self, name: str, later: Callable[[], None], delay_s: float) -> None:
        self._calls: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._later = later
        self._delay_s = delay_s
        self._due: float | None = None
        self._failed: list[_Call[None]] = []
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], _T]) -> _T:
        """What `work` returns or raises. Not after `end`."""
        call = _Call(work)
        self._calls.put(call)  # type: ignore[arg-type]  # a result goes only back to who asked
        return call.result()

    def soon(self) -> None:
        self._calls.put(_Call(self._set_due))

    def _set_due(self) -> None:
        if self._due is None:
            self._due = time.monotonic() + self._delay_s

    def end(self) -> None:
        """Afterwards all calls are done, `later` too, and the thread is gone. Safe to repeat."""
        self._calls.put(None)
        self._thread.join()
        for call in self._failed:
            call.result()

    def _serve(self) -> None:
        while call := self._next():
            call.carry_out()
        if self._due is not None:
            self._do_later()

    def _next(self) -> _Call[object] | None:
        while self._due is not None:
            try:
                return self._calls.get(timeout=max(self._due - time.monotonic(), 0))
            except Empty:
                self._due = None
                self._do_later()
        return self._calls.get()

    def _do_later(self) -> None:
        call = _Call(self._later)
        call.carry_out()
        if call.has_failed:
            self._failed.append(call)
