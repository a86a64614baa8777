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
_Reader = Callable[[Any], Any]
"""Raises one of `_DAMAGED`."""
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def read_build(place: Place) -> BuildRecord | None:
    """None where there is no record, or a damaged one."""
    try:
        with open(f"{place.path}/{FILE}", "rb") as file:
            value = json.loads(file.read(_LIMIT))
        record = _read_record(value["build"]) if value["format"] == FORMAT else None
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


def _float(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _LATEST:
        raise TypeError("float")
    return value


def _plain(kind: type) -> _Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(kind.__name__)
        return value

    return read


def _several(read: _Reader) -> _Reader:
    def read_all(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise TypeError("list")
        return tuple([read(item) for item in value])

    return read_all


def _members_of(cls: Any) -> _Reader:
    """Reads a value of the class `cls`; members that have a default may be left out. What can be found out once is not
    found out for each row: a history holds thousands."""
    rows = [(name, _READERS[str(kind)], cls._field_defaults.get(name)) for name, kind in cls.__annotations__.items()]
    names = {name for name, _, _ in rows}
    needed = names - cls._field_defaults.keys()

    def read_members(value: Any) -> Any:
        if not needed <= value.keys() <= names:
            raise TypeError(cls.__name__)
        return cls(*[read(value[name]) if name in value else default for name, read, default in rows])

    return read_members


_READERS: dict[str, _Reader] = {
    "str": _plain(str),
    "int": _plain(int),
    "bool": _plain(bool),
    "float": _float,
    "tuple[str, ...]": _several(_plain(str)),
    "Mapping[str, object]": _plain(dict),
    "Outcome": Outcome,
    "StepOutcome": StepOutcome,
}
"""By the annotation of a member."""
_read_source = _members_of(Source)
_READERS["Source | None"] = lambda value: value if value is None else _read_source(value)
for _row in (Cause, StageRow, StepRow, TaskRow):
    _READERS[f"tuple[{_row.__name__}, ...]"] = _several(_members_of(_row))
_read_record = _members_of(BuildRecord)
