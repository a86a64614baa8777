"""The end of what a step wrote, as lines."""

from __future__ import annotations

import os
from typing import NamedTuple

from builder.builds.folder import Place
from builder.builds.types import StepOutcome, StepRow
from builder.progress.text import LineCutter

_BYTES = {True: 64 << 10, False: 12 << 10}
"""At most, of a step that failed and of others: pages are sent around."""


class LogEnd(NamedTuple):
    lines: tuple[str, ...]
    is_whole: bool


def log_end(place: Place, row: StepRow) -> LogEnd | None:
    """None where there is none, or no more."""
    if not row.log_bytes:
        return None
    most = _BYTES[row.outcome is StepOutcome.FAILED]
    try:
        fd = os.open(place.log(row.id), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            size = os.fstat(fd).st_size
            file.seek(max(size - most, 0))
            data = file.read(most)
    except OSError:
        return None
    cutter = LineCutter()
    lines = cutter.feed(data) + cutter.finish()
    is_whole = size <= most
    return LogEnd(tuple(lines if is_whole else lines[1:]), is_whole)
