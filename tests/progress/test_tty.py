from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from builder.progress.events import BuildFinished, TaskFinished, TaskLog, TaskProgress, TaskStarted
from builder.progress.frame import Frame, Line, Running
from builder.progress.live import render
from builder.progress.tty import TtyReporter
from tests.progress.terminal import Terminal

ENV = {"TERM": "xterm-256color", "COLUMNS": "999"}


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as terminal:
        yield terminal


def start(reporter: TtyReporter, name: str, title: str, group: str = "") -> None:
    reporter.emit(TaskStarted(name, title, time.time(), group))


def test_running_steps_show_the_end_of_their_output_and_their_bytes(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, ENV)
    start(reporter, "a", "[build 1/3] FROM x")
    reporter.emit(TaskFinished("a", time.time(), cached=True))
    start(reporter, "b", "[build 2/3] RUN make")
    reporter.emit(TaskLog("b", time.time(), b"".join(b"line %d\n" % number for number in range(40)) + b"10%\r20%"))
    start(reporter, "c", "fetch layer", "internal")
    reporter.emit(TaskProgress("c", time.time(), 5_000_000, 20_000_000))
    lines = terminal.wait_for("5.0 MB / 20.0 MB")
    assert lines[0] == "\u2713   CACHED [build 1/3] FROM x"
    assert lines[1].endswith("s, 2 running")
    assert lines[2].endswith("s [build 2/3] RUN make")
    assert [line.strip() for line in lines[3:9]] == [f"line {number}" for number in range(35, 40)] + ["20%"]
    assert lines[10].strip() == "[#####...............] 5.0 MB / 20.0 MB"
    assert terminal.cursor_hidden()
    for name in "bc":
        reporter.emit(TaskFinished(name, time.time()))
    reporter.emit(BuildFinished(time.time(), 1.0, 3, 1, "sha256:" + "ab" * 32, 1500, ("app:1",)))
    reporter.close()
    terminal.wait_for("Built in")
    lines = [line for line in terminal.wait_until(lambda _: not terminal.cursor_hidden()) if line]
    assert lines[0] == "\u2713   CACHED [build 1/3] FROM x"
    assert lines[1].endswith("s [build 2/3] RUN make")
    assert "Built in 1.0s, 1 of 3 steps cached, image abababababab (1.5" in lines[2]
    assert len(lines) <= 4


def test_a_failing_step_shows_its_whole_output_at_the_end(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, ENV)
    start(reporter, "a", "RUN make")
    terminal.wait_for("RUN make")
    for number in range(500):
        reporter.emit(TaskLog("a", time.time(), b"output %d\n" % number))
    reporter.emit(TaskFinished("a", time.time(), error="process ended with exit code 7"))
    reporter.emit(BuildFinished(time.time(), 1.0, 1, 0, error="x"))
    reporter.close()
    lines = terminal.wait_for("Failed after")
    start_at = lines.index("> RUN make: process ended with exit code 7")
    assert lines[start_at + 1 : start_at + 501] == [f"output {number}" for number in range(500)]


def test_a_build_that_is_over_at_once_draws_nothing(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, ENV)
    start(reporter, "a", "RUN make")
    reporter.emit(TaskFinished("a", time.time(), cached=True))
    reporter.close()
    terminal.wait_for("CACHED RUN make")
    assert b"\x1b" not in terminal.raw


def test_the_display_follows_the_size_of_the_terminal(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, ENV)
    start(reporter, "a", "RUN " + "x" * 200)
    terminal.wait_until(lambda lines: any(line.endswith("xxx\u2026") and len(line) == 59 for line in lines))
    terminal.resize(30, 10)
    terminal.wait_until(lambda lines: any(line.endswith("xxx\u2026") and len(line) == 29 for line in lines))
    reporter.close()
    terminal.wait_until(lambda _: not terminal.cursor_hidden())


def test_what_has_ended_takes_one_row_where_its_reason_leaves_room() -> None:
    title = "RUN " + "x" * 200
    assert Line("+ CACHED", title).fitted(60) == f"+ CACHED {title[:49]}\u2026"
    row = Line("+   1.0s", title, " - ARG A: 1 -> 2").fitted(60)
    assert len(row) == 59
    assert row.endswith("x\u2026 - ARG A: 1 -> 2")
    assert Line("+   1.0s", title, " - " + "y" * 90).fitted(60) == f"+   1.0s {title[:19]}\u2026 - {'y' * 90}"
    assert Line("+ CACHED", "RUN make", " - y").fitted(23) == "+ CACHED RUN make - y"


def test_colours_can_be_turned_off(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, {**ENV, "NO_COLOR": "1"})
    start(reporter, "a", "RUN make")
    terminal.wait_for("RUN make")
    reporter.emit(TaskFinished("a", time.time(), error="failed"))
    terminal.wait_for("ERROR RUN make")
    reporter.close()
    assert b"\x1b[31m" not in terminal.raw


def test_a_terminal_that_goes_away_ends_the_display_only(terminal: Terminal) -> None:
    reporter = TtyReporter(terminal.stream, ENV)
    start(reporter, "a", "RUN make")
    terminal.wait_for("RUN make")
    terminal.hang_up()
    for number in range(100):
        reporter.emit(TaskLog("a", time.time(), b"%d\n" % number))
    reporter.close()


def test_a_frame_fits_the_screen() -> None:
    tasks = [Running(f"RUN \u754c{'y' * 90}", 1.0, ("out\tput " * 9,) * 10, None) for _ in range(30)]
    for width in (20, 61, 300):
        for height in (4, 10, 50, 200):
            for count in (0, 1, 3, 30):
                lines = render(Frame([], tasks[:count], 1.0), width, height)
                assert len(lines) < height
                assert all(line.cell_len < width for line in lines)
