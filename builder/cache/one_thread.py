"""A thread that does one call after another: what a library gives to one thread only, such as a connection of sqlite,
can so be used by all."""

from __future__ import annotations

import threading
from _queue import SimpleQueue
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

    def result(self) -> _T:
        self._done.get()
        if self._error is not None:
            raise self._error
        return self._results[0]


class OneThread:
    """Safe between threads. Whoever makes one ends it."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call[object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], _T]) -> _T:
        """What `work` returns or raises. Not after `end`."""
        call = _Call(work)
        self._calls.put(call)  # type: ignore[arg-type]  # a result goes only back to who asked
        return call.result()

    def end(self) -> None:
        """Afterwards all calls are done and the thread is gone. Safe to repeat."""
        self._calls.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while call := self._calls.get():
            call.carry_out()
