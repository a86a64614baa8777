"""What a record says of each step's decision, in words."""

from __future__ import annotations

from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.progress.figures import seconds_text
from builder.solve.reasons.hits import origin_text

_WORDS = {StepOutcome.FAILED: "failed", StepOutcome.CANCELED: "was stopped", StepOutcome.NOT_REACHED: "not reached"}


def title(record: BuildRecord, row: StepRow) -> str:
    """As displays show it: `[build 2/5] RUN make`."""
    total = sum(other.id.partition(".")[0] == row.id.partition(".")[0] for other in record.steps)
    return f"[{row.stage} {row.number}/{total}] {row.text}"


def verdict(row: StepRow) -> str:
    """`cached: from build 0b9a5965785f, 5 minutes ago, 8.1s saved`, `ran 8.1s: ARG VERSION: 1.2 -> 1.3`."""
    if row.outcome is StepOutcome.CACHED and row.source is not None:
        return f"cached: {origin_text(*row.source)}"
    if row.outcome is StepOutcome.SHARED:
        return "shared: the same step of another stage ran"
    if row.outcome is StepOutcome.RAN:
        return f"ran {seconds_text(row.seconds)}: {row.reason}"
    return _WORDS[row.outcome] + (f": {row.reason}" if row.reason else "")


def saved_seconds(record: BuildRecord) -> float:
    return sum(row.source.seconds for row in record.steps if row.outcome is StepOutcome.CACHED and row.source)


def summary_line(record: BuildRecord) -> str:
    ran = sum(row.outcome in (StepOutcome.RAN, StepOutcome.FAILED) for row in record.steps)
    saved = seconds_text(saved_seconds(record))
    return f"{ran} of {len(record.steps)} steps ran, {record.cached} cached ({saved} saved)"
