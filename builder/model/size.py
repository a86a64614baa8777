"""Numbers of bytes as docker's options write them: `512`, `64m`, `1.5 GiB`."""

from __future__ import annotations

import re

_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:(?P<unit>[kmgtp])(?:i?b)?|b)?", re.IGNORECASE)
_LIMIT = 1 << 63


def parse_size(text: str) -> int | None:
    """Units are powers of 1024, in either case, with or without `b` or `ib`. None for what is no size."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    size = int(float(match["number"]) * (1 << 10 * " kmgtp".index((match["unit"] or " ").lower())))
    return size if size < _LIMIT else None
