"""`--progress rawjson`: every event as one JSON object on a line of its own, in the order in which they happened.

The member `event` names the kind; the others are the fields of the record in `events.py`, under the same names:

    task-started    id, title, time, group
    task-log        id, time, data (base64 of the bytes as the process wrote them, not cut at lines)
    task-progress   id, time, done, total, unit
    task-finished   id, time, cached, reason, error, canceled
    warning-raised  time, rule, message, file, line
    build-finished  time, seconds, steps, cached, image_id, size, names, error, build

Times are seconds since the epoch. Later versions may add kinds and members; none is renamed or removed.
"""

from __future__ import annotations

import _thread
import base64
import json

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
from builder.progress.writer import Writer

if TYPE_CHECKING:
    from typing import TextIO

_KINDS = {
    TaskStarted: "task-started",
    TaskLog: "task-log",
    TaskProgress: "task-progress",
    TaskFinished: "task-finished",
    WarningRaised: "warning-raised",
    BuildFinished: "build-finished",
}


class RawJsonReporter:
    def __init__(self, stream: TextIO) -> None:
        self._writer = Writer(stream)
        self._mutex = _thread.allocate_lock()

    def emit(self, event: Event) -> None:
        fields: dict[str, object] = {"event": _KINDS[type(event)], **event._asdict()}
        if isinstance(event, TaskLog):
            fields["data"] = base64.b64encode(event.data).decode("ascii")
        with self._mutex:
            self._writer.write(json.dumps(fields) + "\n")

    def close(self) -> None:
        pass
