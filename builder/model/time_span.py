"""Lengths of time as people write them in options: `90s`, `36h`, `1h30m`, `30d`."""

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
