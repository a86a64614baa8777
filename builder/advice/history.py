"""What advice asks of earlier builds."""

from __future__ import annotations

from builder.builds.types import BuildRecord, StepRow

TIMES = 2
"""So often a thing must have happened."""
LEAST_S = 0.2
"""Less than this a build is not worth a change."""


def same_step(build: BuildRecord, row: StepRow) -> StepRow | None:
    """The step of another build that has the same words in the same stage."""
    return next((other for other in build.steps if other.text == row.text and other.stage == row.stage), None)
