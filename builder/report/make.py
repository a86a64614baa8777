"""What is on the page of a build."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from builder.advice.advise import advise
from builder.builds.explanation import saved_seconds
from builder.builds.folder import Place
from builder.builds.types import BuildRecord, StepOutcome, StepRow, waited
from builder.report.comparison import StepChange, build_before, compare_builds
from builder.report.contents import contents_of, treemaps
from builder.report.logs import LogEnd, log_end
from builder.report.page import render
from builder.report.timeline import timeline_of
from builder.store.store import Store

_WASTES = 12


class ShownStep(NamedTuple):
    row: StepRow
    total: int
    """Steps of its stage."""
    waited: float
    is_critical: bool
    change: StepChange | None
    log: LogEnd | None


class Miss(NamedTuple):
    """Steps that were not cached for the same reason."""

    causes: tuple[str, ...]
    steps: tuple[ShownStep, ...]


def make_report(store: Store, place: Place, record: BuildRecord) -> str:
    """HTML."""
    timeline = timeline_of(record)
    before = build_before(store, record)
    comparison = compare_builds(record, before) if before else None
    changes = {change.now.id: change for change in (comparison.steps if comparison else ()) if change.now}
    contents, no_contents = contents_of(store, record)
    steps = [
        ShownStep(
            row=row,
            total=sum(other.stage == row.stage for other in record.steps),
            waited=waited(record, row) if row.after else 0.0,
            is_critical=row.id in timeline.critical,
            change=changes.get(row.id),
            log=log_end(place, row),
        )
        for row in record.steps
    ]
    return render(
        {
            "build": record,
            "started": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(record.started)),
            "started_exactly": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.started)),
            "name": record.names[0] if record.names else record.file.rpartition("/")[2] or record.id,
            "steps": steps,
            "misses": _misses(steps),
            "counts": {outcome: sum(row.outcome is outcome for row in record.steps) for outcome in StepOutcome},
            "saved": round(saved_seconds(record), 4),
            "timeline": timeline,
            "comparison": comparison,
            "images": [(image, treemaps(image), image.analysis.wastes[:_WASTES]) for image in contents],
            "no_contents": no_contents,
            "advice": advise(store, record),
        }
    )


def _misses(steps: Iterable[ShownStep]) -> list[Miss]:
    """In the order of the first step of each."""
    found: dict[tuple[str, ...], list[ShownStep]] = {}
    for step in steps:
        if step.row.causes:
            found.setdefault(tuple(cause.text for cause in step.row.causes), []).append(step)
    return [Miss(causes, tuple(rows)) for causes, rows in found.items()]
