"""Times as docker writes them."""

from __future__ import annotations

import time


def now() -> str:
    return rfc3339(time.time_ns())


def rfc3339(nanoseconds: int) -> str:
    """In UTC."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"
