"""Transfers of layers, and waits for who sends them, as something that a person watches."""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable

from builder.model.digest import Digest
from builder.progress.events import Reporter, TaskFinished, TaskProgress, TaskStarted

_STEP_BYTES = 256 << 10
"""How many bytes pass between two events of one transfer: often enough to watch, too seldom to cost anything."""


class FetchReport:
    """A `fetch.Progress` that turns numbers into events. Safe to call from several threads."""

    def __init__(self, reporter: Reporter, what: str = "fetch") -> None:
        self._reporter = reporter
        self._what = what
        self._last: dict[Digest, int] = {}
        self._waiting: dict[str, int] = {}
        self._mutex = _thread.allocate_lock()

    def __call__(self, digest: Digest, done: int, total: int) -> None:
        task = f"{self._what}.{digest.short}"
        with self._mutex:
            is_new = digest not in self._last
            if not is_new and done < total and done - self._last[digest] < _STEP_BYTES:
                return
            self._last[digest] = done
        now = time.time()
        if is_new:
            self._reporter.emit(TaskStarted(task, f"{self._what} layer {digest.short}", now, "internal"))
        self._reporter.emit(TaskProgress(task, now, done, total))
        if done >= total:
            self._reporter.emit(TaskFinished(task, now))

    def wait(self, what: str) -> Callable[[], None]:
        """A `waits.Tell`: several threads that wait for the same show one task."""
        task = f"wait.{what}"
        with self._mutex:
            self._waiting[task] = self._waiting.get(task, 0) + 1
            if self._waiting[task] == 1:
                self._reporter.emit(TaskStarted(task, what, time.time(), "internal"))

        def over() -> None:
            with self._mutex:
                self._waiting[task] -= 1
                if not self._waiting[task]:
                    self._reporter.emit(TaskFinished(task, time.time()))

        return over
