"""What every display keeps, whatever it shows."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from typing import TextIO

import pytest

from builder.progress.choose import make_reporter
from builder.progress.events import (
    BuildFinished,
    Event,
    Reporter,
    TaskFinished,
    TaskLog,
    TaskProgress,
    TaskStarted,
    WarningRaised,
)
from tests.progress.terminal import Terminal

MODES = ("tty", "plain", "rawjson", "quiet", "none")
SHOWING = ("tty", "plain", "quiet")

STORY: list[Event] = [
    TaskStarted("a", "[build 1/2] FROM x", 100.0, "build"),
    TaskFinished("a", 100.1, cached=True),
    TaskStarted("b", "[build 2/2] RUN make", 100.1, "build"),
    TaskLog("b", 100.2, b"compiling\n"),
    TaskProgress("b", 100.3, 5, 10),
    WarningRaised(100.3, "Rule", "something", "Buildfile", 1),
    TaskFinished("b", 100.4, error="exit code 2"),
    BuildFinished(100.5, 0.5, 2, 1, error="exit code 2"),
]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as terminal:
        yield terminal


def open_reporter(mode: str, terminal: Terminal, stream: TextIO | None = None) -> Reporter:
    target = terminal.stream if mode == "tty" else stream or io.StringIO()
    return make_reporter(mode, target, {"TERM": "xterm"})


@pytest.mark.parametrize("mode", MODES)
def test_close_may_be_repeated_and_nothing_follows_it(mode: str, terminal: Terminal) -> None:
    stream = io.StringIO()
    reporter = open_reporter(mode, terminal, stream)
    for event in STORY:
        reporter.emit(event)
    reporter.close()
    written = stream.getvalue()
    reporter.close()
    assert stream.getvalue() == written


@pytest.mark.parametrize("mode", MODES)
def test_events_of_unknown_tasks_are_no_reason_to_fail(mode: str, terminal: Terminal) -> None:
    reporter = open_reporter(mode, terminal)
    for event in (TaskLog("x", 1, b"x"), TaskProgress("x", 1, 1, 2), TaskFinished("x", 1, error="no")):
        reporter.emit(event)
    reporter.close()


@pytest.mark.parametrize("mode", SHOWING)
def test_the_output_of_a_failing_step_is_shown(mode: str, terminal: Terminal) -> None:
    stream = io.StringIO()
    reporter = open_reporter(mode, terminal, stream)
    for event in STORY:
        reporter.emit(event)
    reporter.close()
    text = "\n".join(terminal.wait_for("Failed after")) if mode == "tty" else stream.getvalue()
    assert "compiling" in text
    assert "exit code 2" in text


@pytest.mark.parametrize("mode", ["tty", "plain", "rawjson", "quiet"])
def test_hostile_titles_output_and_errors_reach_no_terminal_raw(mode: str, terminal: Terminal) -> None:
    evil = "\x1b]0;pwned\x07\x1b[?1049h\x9b31m"
    stream = io.StringIO()
    reporter = open_reporter(mode, terminal, stream)
    reporter.emit(TaskStarted("a", f"RUN {evil}", 1.0))
    reporter.emit(TaskLog("a", 1.0, evil.encode() + b"\r\x1b[2J\n"))
    reporter.emit(WarningRaised(1.0, "Rule", evil, f"{evil}file", 1))
    reporter.emit(TaskFinished("a", 2.0, reason=evil, error=f"{evil}failed"))
    reporter.emit(BuildFinished(2.0, 1.0, 1, 0, names=(evil,)))
    reporter.close()
    if mode == "tty":
        terminal.wait_for("Built in")
    written = terminal.raw.decode() if mode == "tty" else stream.getvalue()
    assert "pwned" not in written or mode == "rawjson"
    assert not {"\x1b]", "\x1b[?1049h", "\x9b", "\x1b[2J"} & {written[at : at + 8] for at in range(len(written))}
    if mode != "tty":
        assert "\x1b" not in written


@pytest.mark.parametrize("mode", ["plain", "rawjson", "quiet"])
def test_lines_of_parallel_steps_do_not_mix(mode: str, terminal: Terminal) -> None:
    stream = io.StringIO()
    reporter = open_reporter(mode, terminal, stream)
    threads = [threading.Thread(target=_chatter, args=(reporter, name)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reporter.close()
    for line in stream.getvalue().splitlines():
        assert sum(name * 3 in line for name in "ABCD") <= 1
    if mode != "rawjson":
        assert all(stream.getvalue().count(f"{name * 9} {number}\n") == 1 for name in "ABCD" for number in range(50))


def _chatter(reporter: Reporter, name: str) -> None:
    reporter.emit(TaskStarted(name, f"RUN {name}", 0.0))
    for number in range(50):
        reporter.emit(TaskLog(name, 1.0, name.encode() * 5))
        reporter.emit(TaskLog(name, 1.0, name.encode() * 4 + b" %d\n" % number))
    reporter.emit(TaskFinished(name, 2.0, error="failed"))


@pytest.mark.parametrize("mode", ["plain", "rawjson", "quiet"])
def test_a_closed_pipe_silences_the_display(mode: str, terminal: Terminal) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "w", encoding="utf-8", buffering=1) as stream:
        reporter = open_reporter(mode, terminal, stream)
        for event in STORY:
            reporter.emit(event)
        reporter.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # so that closing the file object can flush


@pytest.mark.parametrize("mode", MODES)
def test_a_closed_stream_silences_the_display(mode: str, terminal: Terminal) -> None:
    stream = io.StringIO()
    reporter = open_reporter(mode, terminal, stream)
    reporter.emit(STORY[0])
    stream.close()
    terminal.hang_up()
    for event in STORY[1:]:
        reporter.emit(event)
    reporter.close()


@pytest.mark.parametrize("mode", ["plain", "quiet"])
def test_a_stream_that_cannot_encode_a_character_still_shows_the_rest(mode: str, terminal: Terminal) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    reporter = open_reporter(mode, terminal, stream)
    reporter.emit(TaskStarted("a", "RUN caf\u00e9", 1.0))
    reporter.emit(TaskFinished("a", 2.0, error="failed"))
    reporter.close()
    assert b"RUN caf?" in raw.getvalue()
