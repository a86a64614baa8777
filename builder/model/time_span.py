"""Lengths of time as people write them in options: `90s`, `36h`, `1h30m`, `30d`; moments as docker's filters do."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_PART = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>[smhdw])")


def parse_time_span(text: str) -> float | None:
    """Seconds; parts add up. Go's units, and days and weeks, which docker's filters lack. None for what is no length
    of time, a bare number among them."""
    position, total = 0, 0.0
    while match := _PART.match(text, position):
        total += float(match["number"]) * _SECONDS[match["unit"]]
        position = match.end()
    return total if text and position == len(text) else None


def parse_moment(text: str, now: float) -> float | None:
    """Seconds since 1970 of a time as docker's `until` takes it: a length of time before `now`, a date with or without
    a time (RFC 3339; local where it names no zone), or seconds since 1970. None for anything else."""
    from datetime import datetime

    span = parse_time_span(text)
    if span is not None:
        return now - span
    try:
        return float(text) if text.replace(".", "", 1).isdecimal() else datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
