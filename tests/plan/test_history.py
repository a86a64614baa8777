"""Go's ways of writing strings and durations."""

from __future__ import annotations

import pytest

from builder.plan.history import duration, quoted


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a b", '"a b"'),
        ('"\\', r'"\"\\"'),
        ("\a\b\f\n\r\t\v", r'"\a\b\f\n\r\t\v"'),
        ("\0\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("é世🙂", '"é世🙂"'),
        ("\u00a0\u200b\ufeff\u2028", r'"\u00a0\u200b\ufeff\u2028"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\udcff", r'"\xff"'),
    ],
)
def test_quoted_as_go_does(text: str, written: str) -> None:
    assert quoted(text) == written


@pytest.mark.parametrize(
    ("nanoseconds", "written"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5\u00b5s"),
        (1_000_000, "1ms"),
        (999_999_999, "999.999999ms"),
        (1_000_000_000, "1s"),
        (90_500_000_000, "1m30.5s"),
        (3_600_000_000_000, "1h0m0s"),
        (90_061_000_000_001, "25h1m1.000000001s"),
    ],
)
def test_durations_as_go_writes_them(nanoseconds: int, written: str) -> None:
    assert duration(nanoseconds) == written
