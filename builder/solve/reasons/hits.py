"""What a hit was taken from, in words."""

from __future__ import annotations

import calendar
import time

from builder.progress.figures import ago_text, seconds_text
from builder.solve.types import Record


def hit_text(record: Record) -> str:
    """`from build 0b9a5965785f, 5 minutes ago, 8.1s saved`."""
    return origin_text(record.build, record.created, record.seconds, record.origin)


def origin_text(build: str, created: str, seconds: float, place: str) -> str:
    where = f"{place}, " if place else ""
    return f"{where}from build {build}, {since(created)}, {seconds_text(seconds)} saved"


def since(created: str) -> str:
    """Of a record's time: `5 minutes ago`."""
    try:
        return ago_text(time.time() - calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return created
