"""A record as JSON for scripts: every member is there, and what follows from others."""

from __future__ import annotations

from builder.builds.types import BuildRecord, StepRow, waited


def build_document(record: BuildRecord) -> dict[str, object]:
    """What `builds show --format json` prints."""
    document = summary(record)
    document["stages"] = [row._asdict() for row in record.stages]
    document["steps"] = [step_document(record, row) for row in record.steps]
    document["tasks"] = [row._asdict() for row in record.tasks]
    return document


def summary(record: BuildRecord) -> dict[str, object]:
    """The build without its rows: what `builds ls --format json` prints of each."""
    members = record._asdict()
    for rows in ("stages", "steps", "tasks"):
        del members[rows]
    return members | {"step_count": len(record.steps), "cached": record.cached}


def step_document(record: BuildRecord, row: StepRow) -> dict[str, object]:
    return row._asdict() | {
        "causes": [cause._asdict() for cause in row.causes],
        "source": row.source._asdict() if row.source else None,
        "reason": row.reason,
        "waited": round(waited(record, row), 4),
    }
