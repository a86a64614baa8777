from __future__ import annotations

import base64
import io
import json

from builder.progress.events import BuildFinished, TaskLog, TaskStarted
from builder.progress.rawjson import RawJsonReporter
from tests.progress.test_reporters import STORY


def test_every_event_is_a_line_with_its_fields() -> None:
    stream = io.StringIO()
    reporter = RawJsonReporter(stream)
    for event in STORY:
        reporter.emit(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.pop("event") for line in lines] == [
        "task-started",
        "task-finished",
        "task-started",
        "task-log",
        "task-progress",
        "warning-raised",
        "task-finished",
        "build-finished",
    ]
    assert TaskStarted(**lines[0]) == STORY[0]
    assert BuildFinished(**lines[-1])._replace(names=()) == STORY[-1]


def test_output_is_kept_to_the_byte() -> None:
    stream = io.StringIO()
    RawJsonReporter(stream).emit(TaskLog("a", 1.0, b"\xff\0\r\n\xc3"))
    assert base64.b64decode(json.loads(stream.getvalue())["data"]) == b"\xff\0\r\n\xc3"
