"""What a report's pictures are made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.builds.folder import new_place
from builder.builds.types import BuildRecord, Outcome, StageRow, StepOutcome, StepRow, TaskRow
from builder.report.comparison import compare_builds
from builder.report.critical import critical_path
from builder.report.make import make_report
from builder.report.timeline import timeline_of
from builder.report.treemap import Area, areas
from builder.store.store import Store

RAN, CACHED = StepOutcome.RAN, StepOutcome.CACHED


def step(
    identifier: str, started: float, seconds: float, *after: str, text: str = "", outcome: StepOutcome = RAN
) -> StepRow:
    stage, _, number = identifier.partition(".")
    return StepRow(identifier, f"s{stage}", int(number), text or identifier, 1, 1, after, outcome, started, seconds)


def build(*steps: StepRow, tasks: tuple[TaskRow, ...] = (), seconds: float = 10.0) -> BuildRecord:
    stages = sorted({row.id.partition(".")[0] for row in steps})
    rows = tuple(StageRow(int(stage), f"s{stage}", "scratch") for stage in stages)
    return BuildRecord(
        "0b9a", "/app/Buildfile", "/app", "", (), {}, 1e9, seconds, Outcome.BUILT, stages=rows, steps=steps, tasks=tasks
    )


def test_the_critical_path_goes_by_what_ended_last() -> None:
    record = build(
        step("0.1", 0, 1),
        step("0.2", 1, 1, "0.1"),
        step("1.1", 0, 5),
        step("2.1", 5, 1, "0.2", "1.1"),
        step("3.1", 0, 2),
    )
    assert critical_path(record) == {"1.1", "2.1"}
    assert critical_path(build()) == frozenset()


def test_a_record_that_goes_round_in_circles_ends() -> None:
    assert critical_path(build(step("0.1", 0, 1, "0.2"), step("0.2", 1, 1, "0.1"))) == {"0.1", "0.2"}


def test_bars_stand_where_they_ran() -> None:
    record = build(
        step("0.1", 1, 4), step("1.1", 6, 2, "0.1"), step("1.2", 0, 0, "1.1", outcome=StepOutcome.NOT_REACHED)
    )
    first, second = timeline_of(record).lanes
    (bar,) = first.rows[0]
    assert (bar.x, bar.width, bar.waited) == (10, 40, 0)
    (bar,) = second.rows[0]
    assert (bar.x, bar.width, bar.waited, bar.wait_x) == (60, 20, 1, 50)
    assert second.note == "1 ran, 1 not reached"


def test_tasks_that_overlap_stand_in_rows_of_their_own() -> None:
    tasks = (TaskRow("a", 0, 2), TaskRow("b", 1, 2), TaskRow("c", 2, 1))
    (lane,) = timeline_of(build(tasks=tasks)).lanes
    assert [[bar.label for bar in row] for row in lane.rows] == [["a", "c"], ["b"]]


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.7, 61, 4000, 1e9])
def test_an_axis_has_a_handful_of_marks(seconds: float) -> None:
    ticks = timeline_of(build(step("0.1", 0, seconds), seconds=seconds)).ticks
    assert 1 <= len(ticks) <= 7
    assert all(0 <= x <= 100 for x, _ in ticks)


def test_steps_are_compared_with_themselves() -> None:
    before = build(
        step("0.1", 0, 1, text="COPY a"), step("0.2", 1, 4, text="RUN make"), step("0.3", 5, 1, text="RUN test"),
        step("0.4", 6, 2, text="RUN old"),
    )  # fmt: skip
    now = build(
        step("0.1", 0, 0, text="COPY a", outcome=CACHED), step("0.2", 0, 1, text="RUN new"),
        step("0.3", 1, 2, text="RUN make"), step("0.4", 3, 1.05, text="RUN test"), step("0.5", 4, 1, text="RUN more"),
        seconds=8,
    )  # fmt: skip
    found = compare_builds(now, before)
    assert found.seconds == -2
    assert [change.kind for change in found.steps] == ["now cached", "new", "faster", "same", "new", "gone"]
    assert [change.seconds for change in found.steps] == [-1, 1, -2, 0.05, 1, -2]


@given(st.lists(st.integers(1, 10**9), max_size=40), st.integers(1, 2000), st.integers(1, 2000))
def test_areas_are_as_large_as_what_they_stand_for(sizes: list[int], width: int, height: int) -> None:
    sizes.sort(reverse=True)
    found = areas(sizes, Area(0, 0, width, height))
    assert len(found) == len(sizes)
    for size, area in zip(sizes, found, strict=True):
        assert area.width * area.height == pytest.approx(size / sum(sizes) * width * height, rel=1e-3, abs=1e-3)
        assert -1e-6 <= area.x <= area.x + area.width <= width * (1 + 1e-6) + 1e-6
        assert -1e-6 <= area.y <= area.y + area.height <= height * (1 + 1e-6) + 1e-6


@settings(max_examples=25)
@given(st.text(alphabet=st.sampled_from("<>&\"'{}%\x1b\u202e\udcff]a "), max_size=30))
def test_no_text_becomes_markup(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    mark = f"<b onclick='{text}'>"
    record = build(step("0.1", 0, 1, text=mark))._replace(error=mark, names=(mark,), options={mark: mark}, file=mark)
    store = Store.open(str(tmp_path_factory.mktemp("store")))
    page = make_report(store, new_place(store, record.id, record.started, record.file), record)
    assert "<b " not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    page.encode()
