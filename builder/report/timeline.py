"""When what ran: a lane for each stage, places as per cent of the build's time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from builder.builds.types import BuildRecord, StepOutcome, StepRow, TaskRow, waited
from builder.report.critical import critical_path, end

_TICKS = 6
_SMALL = 0.6
"""Per cent: a bar that is narrower is drawn as a mark."""
_WORD = 5.0
"""Per cent: a bar that is narrower has no room for words."""


class Bar(NamedTuple):
    x: float
    width: float
    label: str
    seconds: float
    started: float
    state: str
    """A StepOutcome, or `task`."""
    step: StepRow | None = None
    is_critical: bool = False
    waited: float = 0.0
    """Seconds between what it needed and its start."""
    wait_x: float = 0.0

    @property
    def is_mark(self) -> bool:
        return self.width < _SMALL

    @property
    def has_words(self) -> bool:
        return self.width >= _WORD


class Lane(NamedTuple):
    title: str
    note: str
    rows: tuple[tuple[Bar, ...], ...]
    """Bars of one row do not overlap."""


class Timeline(NamedTuple):
    seconds: float
    ticks: tuple[tuple[float, float], ...]
    """Place and seconds."""
    lanes: tuple[Lane, ...]
    critical: frozenset[str]
    critical_seconds: float


def timeline_of(record: BuildRecord) -> Timeline:
    path = critical_path(record)
    ends = [end(row) for row in record.steps] + [task.started + task.seconds for task in record.tasks]
    whole = max([record.seconds, *ends, 0.001])
    lanes = [_stage_lane(record, stage.title, whole, path) for stage in record.stages]
    if record.tasks:
        lanes.append(_task_lane(record.tasks, whole))
    critical = sum(row.seconds for row in record.steps if row.id in path)
    return Timeline(whole, _ticks(whole), tuple(lane for lane in lanes if any(lane.rows)), path, critical)


def _stage_lane(record: BuildRecord, title: str, whole: float, path: frozenset[str]) -> Lane:
    rows = [row for row in record.steps if row.stage == title]
    bars = [_bar(record, row, whole, path) for row in rows if row.outcome is not StepOutcome.NOT_REACHED]
    counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in StepOutcome}
    note = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    return Lane(title, note, (tuple(bars),))


def _bar(record: BuildRecord, row: StepRow, whole: float, path: frozenset[str]) -> Bar:
    wait = waited(record, row) if row.after else 0.0
    return Bar(
        x=_share(row.started, whole),
        width=_share(row.seconds, whole),
        label=row.text,
        seconds=row.seconds,
        started=row.started,
        state=str(row.outcome),
        step=row,
        is_critical=row.id in path,
        waited=wait,
        wait_x=_share(row.started - wait, whole),
    )


def _task_lane(tasks: Iterable[TaskRow], whole: float) -> Lane:
    """What overlaps stands in rows of its own."""
    rows: list[list[Bar]] = []
    for task in sorted(tasks, key=lambda task: task.started):
        bar = Bar(
            _share(task.started, whole), _share(task.seconds, whole), task.title, task.seconds, task.started, "task"
        )
        free = next((row for row in rows if row[-1].started + row[-1].seconds <= bar.started), None)
        if free is None:
            rows.append(free := [])
        free.append(bar)
    return Lane("bases and outputs", "fetched and written", tuple(tuple(row) for row in rows))


def _share(seconds: float, whole: float) -> float:
    return round(min(max(seconds / whole, 0.0), 1.0) * 100, 3)


def _ticks(whole: float) -> tuple[tuple[float, float], ...]:
    step = 0.001
    factors = (2, 2.5, 2)
    turn = 0
    while whole / step > _TICKS:
        step *= factors[turn % 3]
        turn += 1
    count = int(whole / step)
    return tuple((_share(number * step, whole), round(number * step, 4)) for number in range(count + 1))
