"""Lengths of time in options."""

from __future__ import annotations

import pytest

from builder.model.time_span import parse_time_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("1h30m", 5400.0), ("30d", 2592000.0), ("2w", 1209600.0), ("1.5h", 5400.0), ("0s", 0.0)],
)
def test_parts_add_up(text: str, seconds: float) -> None:
    assert parse_time_span(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1h ", "1y", "1h30", "\u0661h"])
def test_what_is_no_length_of_time(text: str) -> None:
    assert parse_time_span(text) is None
