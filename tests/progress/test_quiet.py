from __future__ import annotations

import gc
import io
import os

from builder.progress.events import TaskFinished, TaskLog, TaskStarted
from builder.progress.quiet import QuietReporter
from builder.progress.transcript import Transcript


def test_only_failures_speak() -> None:
    stream = io.StringIO()
    reporter = QuietReporter(stream)
    for name, outcome in {
        "good": TaskFinished("good", 2.0),
        "stopped": TaskFinished("stopped", 2.0, error="stopped", canceled=True),
        "bad": TaskFinished("bad", 2.0, error="exit code 3"),
    }.items():
        reporter.emit(TaskStarted(name, f"RUN {name}", 1.0))
        reporter.emit(TaskLog(name, 1.5, f"output of {name}\nmore".encode()))
        reporter.emit(outcome)
    reporter.close()
    assert stream.getvalue() == "RUN bad: exit code 3\n  output of bad\n  more\n"


def test_long_output_is_kept_whole_outside_of_memory() -> None:
    gc.collect()  # what others have left closes its files now, not in between
    before = len(os.listdir("/proc/self/fd"))
    transcript = Transcript()
    for number in range(20_000):
        transcript.add(b"line %d of a long output\n" % number)
    assert list(transcript.lines()) == [f"line {number} of a long output" for number in range(20_000)]
    assert len(os.listdir("/proc/self/fd")) == before + 1
    transcript.close()
    assert len(os.listdir("/proc/self/fd")) == before
