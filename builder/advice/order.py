"""Files that are copied before slow steps, and have cost time there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from builder.advice.history import LEAST_S, TIMES, same_step
from builder.advice.needs import needs_all
from builder.advice.types import Advice
from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.solve.reasons.wording import shown


def copies_before_slow_steps(record: BuildRecord, builds: Sequence[BuildRecord]) -> Iterator[Advice]:
    """`builds`: of the same Buildfile, `record` among them."""
    for row in record.steps:
        if not row.text.startswith(("COPY ", "ADD ")) or "--from=" in row.text:
            continue
        present = [build for build in builds if same_step(build, row)]
        losses = [loss for build in present if (loss := _lost_to(build, row)) is not None]
        slow = _slowest_after(record, row, builds)
        if len(losses) < TIMES or slow is None or needs_all(slow.text, row.text):
            continue
        seconds = sum(losses) / len(losses)
        if seconds >= LEAST_S:
            text = (
                f"{shown(row.text)} (line {row.line}) changed in {len(losses)} of {len(present)} builds, and "
                f"{shown(slow.text)} (line {slow.line}) ran again each time. Copy after that step what it does not read"
            )
            yield Advice("copy-order", row.id, row.line, text, seconds)


def _lost_to(build: BuildRecord, row: StepRow) -> float | None:
    """Seconds of steps that ran only since files of this COPY had changed; None where they had not."""
    copy = same_step(build, row)
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
        copy = same_step(build, row)
        found += [other for other in build.steps if copy and _follows(other, copy) and same_step(record, other)]
    slowest = max(found, key=lambda other: other.seconds, default=None)
    return same_step(record, slowest) if slowest else None
