"""A build beside the one before: which steps got slower or faster, which hit the cache now, what became of the size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from builder.builds.reading import builds
from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.store.store import Store

_NOTICED = 0.1
"""Seconds: less is chance."""
_HITS = (StepOutcome.CACHED, StepOutcome.SHARED)


class StepChange(NamedTuple):
    now: StepRow | None
    before: StepRow | None
    kind: str
    """`faster`, `slower`, `same`, `now cached`, `no longer cached`, `new`, `gone`."""
    seconds: float
    """How much longer the step took now; below 0 it was quicker."""

    @property
    def row(self) -> StepRow:
        found = self.now or self.before
        assert found is not None  # noqa: S101 - one of them is there
        return found


class Comparison(NamedTuple):
    before: BuildRecord
    seconds: float
    """Of the whole build: how much longer it took now."""
    cached: int
    size: int | None
    """How many bytes the image has grown; None where one of the two made none."""
    steps: tuple[StepChange, ...]

    @property
    def largest(self) -> float:
        """The largest difference of a step, in seconds; never 0."""
        return max([abs(change.seconds) for change in self.steps] + [0.001])


def build_before(store: Store, record: BuildRecord) -> BuildRecord | None:
    """The newest earlier one of the same Buildfile, target and platforms that came as far as its steps."""
    wanted = (record.target, record.platforms)
    for _, other in builds(store, record.file):
        if other.started < record.started and other.steps and (other.target, other.platforms) == wanted:
            return other
    return None


def compare_builds(now: BuildRecord, before: BuildRecord) -> Comparison:
    return Comparison(
        before=before,
        seconds=round(now.seconds - before.seconds, 4),
        cached=now.cached - before.cached,
        size=now.size - before.size if now.image_id and before.image_id else None,
        steps=tuple(_change(*pair) for pair in _pairs(now, before)),
    )


def _pairs(now: BuildRecord, before: BuildRecord) -> Iterator[tuple[StepRow | None, StepRow | None]]:
    """The same instruction of the same stage, else what stands in its place; then what is gone."""
    left = list(before.steps)
    found: dict[str, StepRow] = {}
    for member in ("text", "number"):
        for row in now.steps:
            wanted = (row.stage, getattr(row, member))
            if row.id not in found and (
                other := next((other for other in left if (other.stage, getattr(other, member)) == wanted), None)
            ):
                found[row.id] = other
                left.remove(other)
    yield from ((row, found.get(row.id)) for row in now.steps)
    yield from ((None, row) for row in left)


def _change(now: StepRow | None, before: StepRow | None) -> StepChange:
    if now is None or before is None:
        row = now or before
        seconds = row.seconds if row else 0.0
        return StepChange(now, before, "new" if now else "gone", seconds if now else -seconds)
    seconds = round(now.seconds - before.seconds, 4)
    if (now.outcome in _HITS) != (before.outcome in _HITS):
        kind = "now cached" if now.outcome in _HITS else "no longer cached"
    elif abs(seconds) < _NOTICED:
        kind = "same"
    else:
        kind = "slower" if seconds > 0 else "faster"
    return StepChange(now, before, kind, seconds)
