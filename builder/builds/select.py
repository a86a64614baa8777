"""Which step of a build is meant."""

from __future__ import annotations

import re

from builder.builds.types import BuildRecord, StepRow
from builder.errors import UsageError

_NUMBERED = re.compile(r"(?:(?P<stage>.+)\.)?(?P<number>[0-9]{1,9})")
_LINE = re.compile(r":(?P<line>[0-9]{1,9})")


def find_steps(record: BuildRecord, wanted: str) -> tuple[StepRow, ...]:
    """`build.2` (a stage by title or position, and a number), `2` (of the target), `:12` (all steps of a line, as with
    several platforms). Raises UsageError where there is none."""
    if line := _LINE.fullmatch(wanted):
        number = int(line["line"])
        found = tuple(row for row in record.steps if row.line <= number <= row.end_line)
    elif numbered := _NUMBERED.fullmatch(wanted):
        found = _numbered(record, (numbered["stage"] or "").lower(), int(numbered["number"]))
    else:
        raise UsageError("bad-step", f"{wanted!r} names no step", hint="4, build.4 (stage and number), or :12 (line)")
    if not found:
        known = ", ".join(dict.fromkeys(f"{row.stage}.{row.number}" for row in record.steps))
        raise UsageError("no-such-step", f"build {record.id} has no step {wanted}", hint=f"it has {known or 'none'}")
    return found


def _numbered(record: BuildRecord, stage: str, number: int) -> tuple[StepRow, ...]:
    targets = {row.title for row in record.stages if row.is_target}
    titles = {stage} if stage else targets
    return tuple(
        row
        for row in record.steps
        if row.number == number and (row.stage in titles or row.id.partition(".")[0] in titles)
    )
