"""A build as Markdown, for the page that a CI system shows of a run."""

from __future__ import annotations

from collections.abc import Sequence

from builder.builds.explanation import saved_seconds
from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.progress.figures import seconds_text, size_text
from builder.progress.text import printable

_MARKS = {
    StepOutcome.CACHED: "💾 cached",
    StepOutcome.RAN: "⚙️ ran",
    StepOutcome.SHARED: "💾 shared",
    StepOutcome.FAILED: "❌ failed",
    StepOutcome.CANCELED: "stopped",
    StepOutcome.NOT_REACHED: "not reached",
}


def markdown(record: BuildRecord, advice: Sequence[str] = ()) -> str:
    """Ends in a line end, so that it can be appended to."""
    name = " ".join(f"`{_inline(name)}`" for name in record.names) or f"`{_inline(record.file.rpartition('/')[2])}`"
    lines = [f"### pybuild: {name} {record.outcome} in {seconds_text(record.seconds)}", ""]
    if record.error:
        lines += [f"> {_text(record.error)}", ""]
    facts = [f"{record.cached} of {len(record.steps)} steps cached ({seconds_text(saved_seconds(record))} saved)"]
    if record.image_id:
        facts.append(f"image `{record.image_id[7:19]}`, {size_text(record.size)}, {' '.join(record.platforms)}")
    lines += [f"{', '.join(facts)}, build `{record.id}`", ""]
    if record.steps:
        lines += ["| Step | Result | Time | Why |", "|---|---|--:|---|"]
        lines += [_row(row) for row in record.steps]
        lines.append("")
    if advice:
        lines += ["**Advice**", "", *(f"- {_text(text)}" for text in advice), ""]
    return "\n".join(lines) + "\n"


def _row(row: StepRow) -> str:
    why = row.reason
    if row.outcome is StepOutcome.CACHED and row.source is not None:
        why = f"build {row.source.build}, {seconds_text(row.source.seconds)} saved"
        why += f", from {row.source.place}" if row.source.place else ""
    step = f"{_text(row.stage)} {row.number}: `{_inline(row.text)}`"
    return f"| {step} | {_MARKS[row.outcome]} | {seconds_text(row.seconds)} | {_text(why)} |"


def _inline(text: str) -> str:
    """Within backticks, in a cell of a table."""
    shown = " ".join(printable(text).split()).replace("`", "'").replace("|", "\\|")
    return shown if len(shown) <= 100 else shown[:99] + "…"


def _text(text: str) -> str:
    """Nothing in it is markup."""
    shown = " ".join(printable(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_[]|#~" else char for char in shown)
