"""Sizes, times and the end of a build in words."""

from __future__ import annotations

from collections.abc import Sequence

from builder.progress.events import BuildFinished, TaskProgress, WarningRaised
from builder.progress.text import printable

_SPANS = (
    (365 * 86400, "year"),
    (30 * 86400, "month"),
    (7 * 86400, "week"),
    (86400, "day"),
    (3600, "hour"),
    (60, "minute"),
    (1, "second"),
)


def size_text(count: int) -> str:
    """Bytes as docker writes them, in powers of 1000: `999 B`, `1.2 kB`, `34.5 MB`."""
    if count < 1000:
        return f"{count} B"
    size = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.95 or unit == "TB":
            break
    return f"{size:.1f} {unit}"


def seconds_text(seconds: float) -> str:
    """`0.3s`, `59.9s`, `2m05s`, `1h02m`."""
    seconds = max(seconds, 0.0)
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole // 60 % 60:02}m"


def progress_text(progress: TaskProgress) -> str:
    """How far something is: `1.2 MB / 3.4 MB`."""
    as_text = size_text if progress.unit == "bytes" else (lambda count: f"{count} {progress.unit}")
    return as_text(progress.done) + (f" / {as_text(progress.total)}" if progress.total else "")


def warning_lines(warnings: Sequence[WarningRaised]) -> list[str]:
    """All warnings of a build together, for its end: what is said in between scrolls away."""
    if not warnings:
        return []
    head = "1 warning found:" if len(warnings) == 1 else f"{len(warnings)} warnings found:"
    return [head, *(f" - {_warning_text(warning)}" for warning in warnings)]


def _warning_text(warning: WarningRaised) -> str:
    place = f"{printable(warning.file)}:{warning.line}: " if warning.file else ""
    return f"{place}{warning.rule}: {printable(warning.message)}"


def summary_text(event: BuildFinished) -> str:
    """The last line of a build."""
    took = seconds_text(event.seconds)
    if event.error:
        return f"Failed after {took}"
    parts = [f"Built in {took}", f"{event.cached} of {event.steps} steps cached"]
    if event.image_id:
        parts.append(f"image {event.image_id.removeprefix('sha256:')[:12]} ({size_text(event.size)})")
    if event.names:
        parts.append(printable(" ".join(event.names)))
    return ", ".join(parts)


def ago_text(seconds: float) -> str:
    """`3 days ago`, of a time that is so long ago."""
    seconds = max(0, int(seconds))
    for length, name in _SPANS:
        count = seconds // length
        if count >= 2 or (count and name == "second"):
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
