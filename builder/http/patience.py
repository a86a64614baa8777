"""How long the other side is waited for."""

from __future__ import annotations

from builder.lean import NamedTuple

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which asking again may help."""
_HOPELESS = 3


class Patience(NamedTuple):
    attempts: int = 5
    first_delay_s: float = 0.5
    longest_delay_s: float = 60.0
    """Also the most of a Retry-After that is honoured: nobody can put us to sleep for a day."""
    connect_timeout_s: float = 15.0
    read_timeout_s: float = 60.0
    """Between two arrivals of bytes, not for the whole body."""
    short_wait_s: float = 2.0
    """Waits that nobody needs to be told of."""
    slow_bytes: int = 16 << 10
    """Who sends fewer than this in `read_timeout_s` seconds of our waiting is given up: one byte a minute would keep
    us forever."""

    def delay_s(self, failures: int, retry_after: str | None = None) -> float:
        """The wait after the `failures`-th failure in a row; `retry_after` is the server's wish, in seconds or as a
        date (RFC 9110, section 10.2.3)."""
        own: float = self.first_delay_s * 2 ** (failures - 1)
        return min(max(wish_s(retry_after), own), self.longest_delay_s)

    def is_hopeless(self, retry_after: str | None) -> bool:
        """Whether the server wants to be left alone for longer than anyone waits for a command: then it is told so at
        once. Asking sooner than it wishes would only prolong that."""
        return wish_s(retry_after) > _HOPELESS * self.longest_delay_s


PATIENT = Patience()


def wish_s(retry_after: str | None) -> float:
    """Seconds that a server wants to be left alone for; 0 where it says nothing."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return float(text[:12])
    if not text:
        return 0.0
    import time
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
