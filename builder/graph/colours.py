"""Colours of states, for the formats that have no dark side: readable on any page."""

from __future__ import annotations

from typing import NamedTuple


class Colours(NamedTuple):
    fill: str
    edge: str
    text: str
    is_dashed: bool = False


_RUNS = Colours("#2b62d6", "#1c4aa8", "#ffffff")
COLOURS = {
    "cached": Colours("#e2f4ea", "#2d8a57", "#14643a"),
    "ran": _RUNS,
    "runs": _RUNS,
    "failed": Colours("#b4231b", "#8a1812", "#ffffff"),
    "canceled": Colours("#fdf0d5", "#a86a08", "#7a4a00", is_dashed=True),
    "depends": Colours("#f4f6f9", "#526071", "#16202c", is_dashed=True),
    "not reached": Colours("#f4f6f9", "#94a1b2", "#526071", is_dashed=True),
}
