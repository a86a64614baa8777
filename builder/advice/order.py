"""Orders of instructions that have cost time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from builder.advice.needs import needs_all
from builder.advice.types import Advice
from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.solve.reasons.wording import shown
from builder.solve.types import Parts

_TIMES = 2
"""So often a thing must have happened."""
_LEAST_S = 0.2
"""Less than this a build is not worth a change."""


def copies_before_slow_steps(record: BuildRecord, builds: Sequence[BuildRecord]) -> Iterator[Advice]:
    """`builds`: of the same Buildfile, `record` among them."""
    for row in record.steps:
        if not row.text.startswith(("COPY ", "ADD ")) or "--from=" in row.text:
            continue
        present = [build for build in builds if _same(build, row)]
        losses = [loss for build in present if (loss := _lost_to(build, row)) is not None]
        slow = _slowest_after(record, row, builds)
        if len(losses) < _TIMES or slow is None or needs_all(slow.text, row.text):
            continue
        seconds = sum(losses) / len(losses)
        if seconds >= _LEAST_S:
            text = (
                f"{shown(row.text)} (line {row.line}) changed in {len(losses)} of {len(present)} builds, and "
                f"{shown(slow.text)} (line {slow.line}) ran again each time. Copy after that step what it does not read"
            )
            yield Advice("copy-order", row.id, row.line, text, seconds)


def arguments_before_their_use(
    record: BuildRecord, builds: Sequence[BuildRecord], parts_of: Callable[[str], Parts | None]
) -> Iterator[Advice]:
    """`parts_of`: of a step's key."""
    for row in record.steps:
        runs = [found for build in builds if (found := _same(build, row)) and _only_arguments(found)]
        names = sorted({cause.about for run in runs for cause in run.causes})
        parts = parts_of(row.key) if runs and row.key else None
        unused = [name for name in names if parts is not None and name not in _said(parts)]
        for name in unused:
            lost = [run.seconds for run in runs if [cause.about for cause in run.causes] == [name]]
            seconds = sum(lost) / len(lost) if lost else 0.0
            if len(lost) >= _TIMES and seconds >= _LEAST_S:
                text = (
                    f"ARG {name} changed in {len(lost)} builds and made {shown(row.text)} (line {row.line}) run again, "
                    f"which does not mention it. Declare it after that step, unless its programs read it"
                )
                yield Advice("argument-order", row.id, row.line, text, seconds)


def _same(build: BuildRecord, row: StepRow) -> StepRow | None:
    return next((other for other in build.steps if other.text == row.text and other.stage == row.stage), None)


def _lost_to(build: BuildRecord, row: StepRow) -> float | None:
    """Seconds of steps that ran only since files of this COPY had changed; None where they had not."""
    copy = _same(build, row)
    if copy is None or [cause.kind for cause in copy.causes] != ["files"]:
        return None
    return sum(other.seconds for other in build.steps if _follows(other, copy))


def _follows(row: StepRow, copy: StepRow) -> bool:
    return (
        row.text.startswith("RUN ")
        and row.outcome is StepOutcome.RAN
        and [(cause.kind, cause.about) for cause in row.causes] == [("below", copy.id)]
    )


def _slowest_after(record: BuildRecord, row: StepRow, builds: Iterable[BuildRecord]) -> StepRow | None:
    """Of the steps of today that ran again because of it, the slowest."""
    found: list[StepRow] = []
    for build in builds:
        copy = _same(build, row)
        found += [other for other in build.steps if copy and _follows(other, copy) and _same(record, other)]
    slowest = max(found, key=lambda other: other.seconds, default=None)
    return _same(record, slowest) if slowest else None


def _only_arguments(row: StepRow) -> bool:
    kinds = {cause.kind for cause in row.causes}
    return row.text.startswith("RUN ") and row.outcome is StepOutcome.RAN and kinds == {"argument"}


def _said(parts: Parts) -> str:
    """All words of the command."""
    return f"{parts.get('argv')} {parts.get('scripts')} {parts.get('mounts')}"
