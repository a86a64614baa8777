"""The steps that the length of a build comes from."""

from __future__ import annotations

from builder.builds.types import BuildRecord, StepOutcome, StepRow


def critical_path(record: BuildRecord) -> frozenset[str]:
    """Ids, from the step that ended last back over what each step waited for. Had one of them been quicker, the build
    would have been, too."""
    rows = {row.id: row for row in record.steps if row.outcome is not StepOutcome.NOT_REACHED}
    path: dict[str, None] = {}
    last = max(rows.values(), key=end, default=None)
    while last is not None and last.id not in path:
        path[last.id] = None
        last = max((rows[name] for name in last.after if name in rows), key=end, default=None)
    return frozenset(path)


def end(row: StepRow) -> float:
    """Seconds since the build's start."""
    return row.started + row.seconds
