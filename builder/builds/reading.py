"""Records of builds read back. They were written by this machine's user or not: every member is checked."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from builder.builds.folder import FILE, Place, places, project_word
from builder.builds.recording import FORMAT
from builder.builds.types import BuildRecord, Outcome, Source, StageRow, StepOutcome, StepRow, TaskRow
from builder.builds.unfinished import goes_on
from builder.errors import UsageError
from builder.solve.types import Cause
from builder.store.store import Store

_LIMIT = 64 << 20
_LATEST = 1e11
"""Seconds: no time that could not be printed."""
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def read_build(place: Place) -> BuildRecord | None:
    """None where there is no record, or a damaged one."""
    try:
        with open(f"{place.path}/{FILE}", "rb") as file:
            value = json.loads(file.read(_LIMIT))
        record = _build(value["build"]) if value["format"] == FORMAT else None
    except (OSError, *_DAMAGED):
        return None
    return _as_it_is(record, place) if record and record.outcome is Outcome.RUNNING else record


def _as_it_is(record: BuildRecord, place: Place) -> BuildRecord:
    """Of a build whose end is not written: its steps under way were stopped, if nobody is there any more."""
    steps = [step._replace(log_bytes=_size(place.log(step.id))) for step in record.steps]
    if not goes_on(place):
        return record._replace(outcome=Outcome.KILLED, error="its process was killed", steps=tuple(steps))
    under_way = StepOutcome.CANCELED
    steps = [step._replace(outcome=StepOutcome.NOT_REACHED) if step.outcome is under_way else step for step in steps]
    return record._replace(seconds=max(time.time() - record.started, 0.0), steps=tuple(steps))


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return 0


def builds(store: Store, project: str | None = None) -> Iterator[tuple[Place, BuildRecord]]:
    """Newest first; of one Buildfile's path, or all."""
    word = project_word(project) if project is not None else None
    for place in places(store):
        if word in (None, place.project) and (record := read_build(place)) is not None:
            yield place, record


def newest_of_each(store: Store) -> Iterator[BuildRecord]:
    """The newest build of each Buildfile that came as far as steps; the one that was built last comes first."""
    seen: set[str] = set()
    for place in places(store):
        if place.project not in seen and (record := read_build(place)) is not None and record.steps:
            seen.add(place.project)
            yield record


def find_build(store: Store, wanted: str) -> tuple[Place, BuildRecord]:
    """The build that `wanted` means: the beginning of an id, `^N` for the Nth before the last; empty is the last.
    Raises UsageError."""
    if not wanted or wanted[0] == "^":
        back = 0 if not wanted else _number(wanted)
        for number, found in enumerate(builds(store)):
            if number == back:
                return found
        raise UsageError("no-such-build", "there is no such build", hint="`pybuild builds ls` lists them")
    matching = [place for place in places(store) if place.id.startswith(wanted)]
    if len(matching) > 1:
        message = f"{wanted} begins the ids of {len(matching)} builds"
        raise UsageError("ambiguous-build", message, hint="write more of it")
    record = read_build(matching[0]) if matching else None
    if record is None:
        raise UsageError("no-such-build", f"there is no build {wanted}", hint="`pybuild builds ls` lists them")
    return matching[0], record


def _number(wanted: str) -> int:
    digits = wanted[1:] or "1"
    if not digits.isdecimal() or len(digits) > 6:
        raise UsageError("no-such-build", f"{wanted} names no build", hint="^1 is the build before the last")
    return int(digits)


def _build(value: Any) -> BuildRecord:
    made: BuildRecord = _record(
        BuildRecord,
        value,
        platforms=_texts,
        options=dict,
        outcome=Outcome,
        names=_texts,
        stages=_several(lambda row: _record(StageRow, row, after=_texts)),
        steps=_several(_step),
        tasks=_several(lambda row: _record(TaskRow, row)),
    )
    return made


def _step(value: Any) -> StepRow:
    causes = _several(lambda row: _record(Cause, row))
    made: StepRow = _record(
        StepRow,
        value,
        after=_texts,
        outcome=StepOutcome,
        causes=causes,
        source=lambda row: None if row is None else _record(Source, row),
    )
    return made


def _record(cls: Callable[..., Any], value: Any, **readers: Callable[[Any], Any]) -> Any:
    made = cls(**{name: readers[name](item) if name in readers else item for name, item in value.items()})
    for name, kind in cls.__annotations__.items():
        if name not in readers and not _fits(getattr(made, name), str(kind)):
            raise TypeError(name)
    return made


def _fits(value: object, kind: str) -> bool:
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"str": str, "bool": bool}.get(kind, object))


def _several(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(read(item) for item in value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("texts")
    return tuple(value)
