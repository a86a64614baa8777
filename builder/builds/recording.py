"""Hears what happens in a build, and writes its record at the end. Part of every build: see `tests/test_startup.py`."""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from builder.builds.folder import FILE, Place, forget_oldest, new_place
from builder.builds.types import BuildRecord, Outcome, Source, StageRow, StepOutcome, StepRow, TaskRow
from builder.errors import BuilderError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.canonical import canonical
from builder.plan.types import Plan, SourceKind, Stage, Step
from builder.progress.events import Event, Reporter, TaskFinished, TaskLog, TaskStarted
from builder.solve.state import StageState
from builder.solve.types import Decision, Record
from builder.store.store import Store

if TYPE_CHECKING:
    from typing import Any

    from builder.builds.logs import Logs
    from builder.builds.unfinished import Unfinished
    from builder.solve.solver import Solver

FORMAT = 1
_Values = Mapping[str, object]


class Asked(NamedTuple):
    """What a build was asked for."""

    file: str
    context: str
    target: str
    platforms: tuple[str, ...]
    options: _Values


class Made(NamedTuple):
    """What came of it."""

    image_id: str
    digest: str
    names: tuple[str, ...]
    size: int


class Recording:
    """A Reporter that passes everything on. Nothing that fails here fails a build."""

    def __init__(self, store: Store, reporter: Reporter, secrets: Callable[[], tuple[bytes, ...]]) -> None:
        """`secrets`: what logs must not show; asked for when there is a log."""
        self.id = os.urandom(6).hex()
        self.started = time.time()
        self._store = store
        self._reporter = reporter
        self._secrets = secrets
        self._begun: dict[str, TaskStarted] = {}
        self._ended: dict[str, TaskFinished] = {}
        self._asked: Asked | None = None
        self._place: Place | None = None
        self._solver: Solver | None = None
        self._plan: Plan | None = None
        self._logs: Logs | None = None
        self._unfinished: Unfinished | None = None
        self._mutex = _thread.allocate_lock()

    def emit(self, event: Event) -> None:
        if isinstance(event, TaskStarted):
            self._begun[event.id] = event
        elif isinstance(event, TaskFinished):
            self._ended[event.id] = event
        elif isinstance(event, TaskLog) and self._place is not None:
            if self._logs is None:
                from builder.builds.logs import Logs

                self._logs = Logs(self._place, self._secrets())
            self._logs.add(event.id, event.data)
        self._reporter.emit(event)
        if not isinstance(event, TaskLog):
            self._keep_up(event)

    def close(self) -> None:
        self._reporter.close()

    def begin(self, asked: Asked) -> None:
        """From now on there is something to record."""
        self._asked = asked
        self._place = new_place(self._store, self.id, self.started, asked.file)

    def follow(self, plan: Plan, solver: Solver) -> None:
        self._plan, self._solver = plan, solver

    def _keep_up(self, event: Event) -> None:
        """From the first thing that takes time on. Of several threads one writes."""
        if self._place is None or self._asked is None or not self._mutex.acquire(blocking=False):
            return
        try:
            if self._unfinished is None and self._takes_time(event):
                from builder.builds.unfinished import Unfinished

                self._unfinished = Unfinished(self._place)
            if self._unfinished is not None and self._unfinished.is_due():
                record = self._record(self._asked, None, None, {})._replace(outcome=Outcome.RUNNING)
                with suppress(OSError):
                    _write(self._place, canonical({"format": FORMAT, "build": plain(record)}))
        finally:
            self._mutex.release()

    def _takes_time(self, event: Event) -> bool:
        """Anything but a step that is cached."""
        if not isinstance(event, TaskStarted):
            return False
        if self._solver is None or not _is_step(event.id):
            return True
        state = self._solver.states[int(event.id.partition(".")[0])]
        return state.pending is not None

    def end(self, made: Made | None, error: BaseException | None = None) -> None:
        """Writes the record. The build is over, one way or the other."""
        if self._place is None or self._asked is None:
            return
        logged = self._logs.close() if self._logs else {}
        record = self._record(self._asked, made, error, logged)
        with suppress(OSError):  # a disk that is full is told by what needs the space
            _write(self._place, canonical({"format": FORMAT, "build": plain(record)}))
            forget_oldest(self._store)
        if self._unfinished is not None:
            self._unfinished.end()

    def _record(
        self, asked: Asked, made: Made | None, error: BaseException | None, logged: Mapping[str, int]
    ) -> BuildRecord:
        record = BuildRecord(
            self.id, *asked, self.started, _rounded(time.time() - self.started), _outcome(error), *_words(error)
        )
        if made is not None:
            record = record._replace(image_id=made.image_id, digest=made.digest, names=made.names, size=made.size)
        if self._plan is None or self._solver is None:
            return record._replace(tasks=self._tasks())
        stages = {stage.position: stage for stage in self._plan.stages}
        steps = tuple(self._steps(stages, self._solver, logged))
        rows = tuple(_stage_row(stage, self._plan, stages) for stage in stages.values())
        return record._replace(stages=rows, steps=steps, tasks=self._tasks())

    def _steps(self, stages: Mapping[int, Stage], solver: Solver, logged: Mapping[str, int]) -> Iterator[StepRow]:
        for position, stage in stages.items():
            state = solver.states[position]
            for step in stage.steps:
                row = self._row(step, stage, stages)
                yield self._with_outcome(row, step, state, logged.get(row.id, 0))

    def _row(self, step: Step, stage: Stage, stages: Mapping[int, Stage]) -> StepRow:
        identifier = f"{step.stage}.{step.number}"
        below = f"{step.stage}.{step.number - 1}" if step.number > 1 else _below(stage, stages)
        needs = [below, *(last_step(stages[position], stages) for position in step.reads)]
        return StepRow(
            identifier,
            stage.full_title,
            step.number,
            step.text,
            step.span.line,
            step.span.end_line,
            tuple(dict.fromkeys(filter(None, needs))),
            StepOutcome.NOT_REACHED,
        )

    def _with_outcome(self, row: StepRow, step: Step, state: StageState, log_bytes: int) -> StepRow:
        begun, ended = self._begun.get(row.id), self._ended.get(row.id)
        if step.number <= state.taken:
            row = _taken(row, state.decisions[step.number - 1], state.records[step.number - 1], self.id)
        elif step.number == state.taken + 1 and state.pending is not None:
            row = _decided(row, state.pending)
        if begun is None:
            return row
        end = ended.time if ended else time.time()
        row = row._replace(started=self._since(begun.time), seconds=_rounded(end - begun.time), log_bytes=log_bytes)
        if ended is None or ended.canceled:
            return row._replace(outcome=StepOutcome.CANCELED)
        return row._replace(outcome=StepOutcome.FAILED, error=ended.error) if ended.error else row

    def _tasks(self) -> tuple[TaskRow, ...]:
        """Those that are no steps."""
        return tuple(
            TaskRow(begun.title, self._since(begun.time), _rounded(self._ended[name].time - begun.time))
            for name, begun in list(self._begun.items())
            if name in self._ended and not _is_step(name)
        )

    def _since(self, moment: float) -> float:
        return _rounded(moment - self.started)


def plain(value: object) -> object:
    """Values as JSON: members that have their default are left out."""
    if not isinstance(value, tuple):
        return value
    return _members(value) if hasattr(value, "_fields") else [plain(item) for item in value]


def _members(value: Any) -> dict[str, object]:
    defaults = value._field_defaults
    fields = zip(value._fields, value, strict=True)
    return {name: plain(item) for name, item in fields if name not in defaults or item != defaults[name]}


def last_step(stage: Stage, stages: Mapping[int, Stage]) -> str:
    """The id of the step that a stage's files are complete with; empty where no step made them."""
    return f"{stage.position}.{len(stage.steps)}" if stage.steps else _below(stage, stages)


def _below(stage: Stage, stages: Mapping[int, Stage]) -> str:
    return last_step(stages[stage.base.stage], stages) if stage.base.kind is SourceKind.STAGE else ""


def _stage_row(stage: Stage, plan: Plan, stages: Mapping[int, Stage]) -> StageRow:
    base, digest = str(stage.base.kind), ""
    if stage.base.kind is SourceKind.STAGE:
        base = stages[stage.base.stage].full_title
    elif stage.base.kind is SourceKind.IMAGE:
        image = plan.images[stage.base.image]
        base, digest = image.name, str(image.digest)
    after = tuple(filter(None, [_below(stage, stages)]))
    is_target = any(stage.position == target.position for target in plan.results)
    return StageRow(stage.position, stage.full_title, base, digest, after, str(stage.platform), is_target)


def _decided(row: StepRow, decision: Decision) -> StepRow:
    compared = decision.nearest.build if decision.nearest else ""
    return row._replace(key=decision.key, causes=decision.causes, compared=compared)


def _taken(row: StepRow, decision: Decision, record: Record, build: str) -> StepRow:
    row = _decided(row, decision)._replace(
        outcome=StepOutcome.RAN,
        diff_id=str(record.layer.diff_id),
        digest=str(record.layer.descriptor.digest),
        size=record.layer.descriptor.size,
    )
    if decision.record is None:
        return row
    source = Source(record.build, record.created, record.seconds, record.origin)
    outcome = StepOutcome.SHARED if record.build == build else StepOutcome.CACHED
    return row._replace(outcome=outcome, source=source)


def _outcome(error: BaseException | None) -> Outcome:
    if error is None:
        return Outcome.BUILT
    return Outcome.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Outcome.FAILED


def _words(error: BaseException | None) -> tuple[str, str]:
    if isinstance(error, BuilderError):
        return error.message.partition("\n")[0], error.code
    return ("", "") if error is None or isinstance(error, KeyboardInterrupt) else (type(error).__name__, "")


def _is_step(name: str) -> bool:
    return name.replace(".", "", 1).isdecimal()


def _rounded(seconds: float) -> float:
    """A clock that is set back makes nothing negative."""
    return max(round(seconds, 4), 0.0)


def _write(place: Place, data: bytes) -> None:
    """Seen whole or not at all; not synced."""
    with suppress(FileExistsError):
        os.mkdir(place.path, 0o700)
    unfinished = f"{place.path}/.{FILE}"
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
    os.rename(unfinished, f"{place.path}/{FILE}")
