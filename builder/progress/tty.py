"""`--progress tty`: running steps redrawn in place with the end of their output, finished ones in one line above
them."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Mapping

from builder.lean import TYPE_CHECKING, NamedTuple
from builder.progress.events import (
    BuildFinished,
    Event,
    TaskFinished,
    TaskLog,
    TaskProgress,
    TaskStarted,
    WarningRaised,
)
from builder.progress.figures import seconds_text, summary_text, warning_lines
from builder.progress.frame import Frame, Line, Running
from builder.progress.text import LineCutter, printable
from builder.progress.transcript import Transcript
from builder.progress.writer import Writer

if TYPE_CHECKING:
    from typing import TextIO

    from builder.progress.live import LiveView

_PATIENCE = 0.25
"""Seconds for which nothing is drawn: a build that is over by then needs no live display."""
_TICK = 0.1
_TAIL = 10
INTERNAL = "internal"


class _Task:
    def __init__(self, event: TaskStarted) -> None:
        self.title = printable(event.title)
        self.group = event.group
        self.started = event.time
        self.cutter = LineCutter()
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self.transcript = Transcript()
        self.progress: TaskProgress | None = None


class _Failure(NamedTuple):
    title: str
    error: str
    transcript: Transcript


class TtyReporter:
    def __init__(self, stream: TextIO, env: Mapping[str, str]) -> None:
        self._writer = Writer(stream)
        self._env = env
        self._mutex = threading.Lock()
        self._tasks: dict[str, _Task] = {}
        self._finished: list[Line] = []
        self._failures: list[_Failure] = []
        self._warnings: list[WarningRaised] = []
        self._summary: BuildFinished | None = None
        self._began = 0.0
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None
        encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
        self._marks = ("✓", "✗", "—") if encoding == "utf8" else ("+", "x", "-")

    def emit(self, event: Event) -> None:
        with self._mutex:
            if self._over.is_set():
                return
            if self._ticker is None:
                self._began = event.time
                self._ticker = threading.Thread(target=self._draw_until_over, name="progress", daemon=True)
                self._ticker.start()
                atexit.register(self.close)
            self._take(event)

    def close(self) -> None:
        """Takes the live part off the screen and prints what is left to say: the whole output of failed steps, the
        warnings and the summary."""
        with self._mutex:
            if self._over.is_set():
                return
            self._over.set()
        if self._ticker:
            self._ticker.join()
            atexit.unregister(self.close)
        width, _ = self._writer.size()
        for line in self._finished:
            self._writer.write(f"{line.fitted(width)}\n")
        for failure in self._failures:
            self._print_failure(failure)
        for warning in warning_lines(self._warnings):
            self._writer.write(f"{warning}\n")
        if self._summary:
            self._writer.write(f"{summary_text(self._summary)}\n")
        for task in self._tasks.values():
            task.transcript.close()

    def _take(self, event: Event) -> None:
        match event:
            case TaskStarted():
                self._tasks[event.id] = _Task(event)
            case TaskLog() if event.id in self._tasks:
                task = self._tasks[event.id]
                task.transcript.add(event.data)
                task.tail.extend(task.cutter.feed(event.data))
            case TaskProgress() if event.id in self._tasks:
                self._tasks[event.id].progress = event
            case TaskFinished() if event.id in self._tasks:
                self._finish(event, self._tasks.pop(event.id))
            case WarningRaised():
                self._warnings.append(event)
            case BuildFinished():
                self._summary = event

    def _finish(self, event: TaskFinished, task: _Task) -> None:
        done, failed, dash = self._marks
        status, mark, style = seconds_text(event.time - task.started), done, ""
        if event.canceled:
            status, mark, style = "CANCELED", failed, "dim"
        elif event.error:
            status, mark, style = "ERROR", failed, "red"
            self._failures.append(_Failure(task.title, printable(event.error), task.transcript))
        elif event.cached:
            status, style = "CACHED", "dim"
        if not event.error or event.canceled:
            task.transcript.close()
        reason = f" {dash} {printable(event.reason)}" if event.reason else ""
        if task.group != INTERNAL or event.error:
            self._finished.append(Line(f"{mark} {status:>8}", task.title, reason, style))

    def _print_failure(self, failure: _Failure) -> None:
        rule = "-" * 6
        self._writer.write(f"{rule}\n> {failure.title}: {failure.error}\n")
        for line in failure.transcript.lines():
            self._writer.write(f"{line}\n")
        self._writer.write(f"{rule}\n")
        failure.transcript.close()

    def _draw_until_over(self) -> None:
        if self._over.wait(_PATIENCE):
            return
        from builder.progress.live import LiveView

        view = LiveView(self._writer, self._env)
        try:
            self._draw(view)
            while not self._over.wait(_TICK):
                self._draw(view)
            self._draw(view)
        finally:
            view.close()

    def _draw(self, view: LiveView) -> None:
        """Shows the present state. Only copying it is done under the lock."""
        now = time.time()
        with self._mutex:
            finished, self._finished = self._finished, []
            running = [
                Running(task.title, now - task.started, _tail(task), task.progress) for task in self._tasks.values()
            ]
        view.show(Frame(finished, running, now - self._began))


def _tail(task: _Task) -> tuple[str, ...]:
    partial = task.cutter.partial()
    return (*task.tail, partial) if partial else tuple(task.tail)
