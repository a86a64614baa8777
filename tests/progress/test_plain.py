from __future__ import annotations

import io

from builder.progress.events import BuildFinished, Event, TaskFinished, TaskLog, TaskProgress, TaskStarted
from builder.progress.plain import PlainReporter


def shown(*events: Event) -> list[str]:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    for event in events:
        reporter.emit(event)
    reporter.close()
    return stream.getvalue().splitlines()


def test_a_build_reads_like_buildkits() -> None:
    lines = shown(
        TaskStarted("x", "[build 1/3] FROM debian", 10.0),
        TaskFinished("x", 10.0, cached=True),
        TaskStarted("y", "[build 2/3] RUN make", 10.0),
        TaskStarted("z", "[web 1/1] RUN npm ci", 10.5),
        TaskLog("y", 10.25, b"cc a.c\nld"),
        TaskLog("z", 11.0, b"added\n\n"),
        TaskFinished("y", 11.25, reason="the instruction is new"),
        TaskFinished("z", 12.0, reason="ARG V: 1 -> 2", error="exit code 1"),
        BuildFinished(12.0, 2.0, 3, 1, error="exit code 1"),
    )
    assert lines == [
        "#1 [build 1/3] FROM debian",
        "#1 CACHED",
        "",
        "#2 [build 2/3] RUN make",
        "",
        "#3 [web 1/1] RUN npm ci",
        "#2 0.250 cc a.c",
        "#3 0.500 added",
        "#3 0.500",
        "#2 1.250 ld",
        "#2 DONE 1.2s (the instruction is new)",
        "#3 ERROR: exit code 1 (ARG V: 1 -> 2)",
        "",
        "Failed after 2.0s",
    ]


def test_bytes_are_told_now_and_then() -> None:
    progress = [TaskProgress("x", 10.0 + second, second * 1_000_000, 20_000_000) for second in range(12)]
    lines = shown(TaskStarted("x", "fetch", 10.0), *progress, TaskFinished("x", 22.0, canceled=True))
    assert lines == ["#1 fetch", "#1 5.0 MB / 20.0 MB", "#1 10.0 MB / 20.0 MB", "#1 CANCELED"]
