"""`--progress plain`: a line per thing that happens, each with the number of its task, as BuildKit's plain display has
it."""

from __future__ import annotations

import _thread

from builder.lean import TYPE_CHECKING
from builder.progress.events import (
    BuildFinished,
    Event,
    TaskFinished,
    TaskLog,
    TaskProgress,
    TaskStarted,
    WarningRaised,
)
from builder.progress.figures import progress_text, seconds_text, summary_text, warning_lines
from builder.progress.text import LineCutter, printable
from builder.progress.writer import Writer

if TYPE_CHECKING:
    from typing import TextIO

_PROGRESS_EVERY = 5.0
"""Seconds between two lines that say how far one task is."""


class _Task:
    def __init__(self, number: int, event: TaskStarted) -> None:
        self.number = number
        self.started = event.time
        self.cutter = LineCutter()
        self.progress_shown = event.time


class PlainReporter:
    def __init__(self, stream: TextIO) -> None:
        self._writer = Writer(stream)
        self._mutex = _thread.allocate_lock()
        self._tasks: dict[str, _Task] = {}
        self._count = 0
        self._warnings: list[WarningRaised] = []

    def emit(self, event: Event) -> None:
        with self._mutex:
            lines = self._lines(event)
            if lines:
                self._writer.write("\n".join(lines) + "\n")

    def close(self) -> None:
        with self._mutex:
            self._tasks.clear()

    def _lines(self, event: Event) -> list[str]:
        match event:
            case TaskStarted():
                self._count += 1
                self._tasks[event.id] = _Task(self._count, event)
                gap = [""] if self._count > 1 else []
                return [*gap, f"#{self._count} {printable(event.title)}"]
            case TaskLog():
                return self._log(event)
            case TaskProgress():
                return self._progress(event)
            case TaskFinished():
                return self._finish(event)
            case WarningRaised():
                self._warnings.append(event)
                return []
            case BuildFinished():
                warnings = warning_lines(self._warnings)
                return [*([""] if warnings else []), *warnings, "", summary_text(event)]

    def _log(self, event: TaskLog) -> list[str]:
        task = self._tasks.get(event.id)
        if task is None:
            return []
        return [_output(task, event.time, line) for line in task.cutter.feed(event.data)]

    def _progress(self, event: TaskProgress) -> list[str]:
        task = self._tasks.get(event.id)
        if task is None or event.time - task.progress_shown < _PROGRESS_EVERY:
            return []
        task.progress_shown = event.time
        return [f"#{task.number} {progress_text(event)}"]

    def _finish(self, event: TaskFinished) -> list[str]:
        task = self._tasks.pop(event.id, None)
        if task is None:
            return []
        lines = [_output(task, event.time, line) for line in task.cutter.finish()]
        return [*lines, f"#{task.number} {_outcome(event, task)}"]


def _output(task: _Task, time: float, line: str) -> str:
    return f"#{task.number} {max(time - task.started, 0):.3f} {line}".rstrip()


def _outcome(event: TaskFinished, task: _Task) -> str:
    if event.canceled:
        return "CANCELED"
    if event.error:
        outcome = f"ERROR: {printable(event.error)}"
    elif event.cached:
        outcome = "CACHED"
    else:
        outcome = f"DONE {seconds_text(event.time - task.started)}"
    return f"{outcome} ({printable(event.reason)})" if event.reason else outcome
