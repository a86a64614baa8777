"""What is drawn."""

from __future__ import annotations

from typing import NamedTuple

from builder.progress.figures import seconds_text

_LONGEST = 60
SIGNS = {
    "cached": "✓",
    "ran": "▶",
    "runs": "▶",
    "failed": "✕",
    "canceled": "■",
    "depends": "?",
    "not reached": "·",
}
"""Every state that a step can have, with the sign before its text."""


class GraphStep(NamedTuple):
    id: str
    """`STAGE.NUMBER`."""
    text: str
    state: str
    """A key of SIGNS."""
    seconds: float = 0.0
    """How long it ran; 0 where it did not."""
    reason: str = ""

    @property
    def label(self) -> str:
        return f"{SIGNS[self.state]} {self.text}"

    @property
    def short_label(self) -> str:
        """Not longer than boxes of flowcharts should be; with the time."""
        label = self.label if len(self.label) <= _LONGEST else f"{self.label[: _LONGEST - 1]}…"
        return f"{label} ({seconds_text(self.seconds)})" if self.seconds else label


class GraphStage(NamedTuple):
    position: int
    title: str
    base: str
    is_target: bool
    steps: tuple[GraphStep, ...]

    @property
    def heading(self) -> str:
        return f"{self.title} (from {self.base}{', the result' if self.is_target else ''})"


class Line(NamedTuple):
    """The stage `reader` needs what the stage `source` makes."""

    source: int
    """Position."""
    reader: int
    step: str = ""
    """The id of the step that reads; empty: the stage starts from it."""


class Graph(NamedTuple):
    title: str
    stages: tuple[GraphStage, ...]
    lines: tuple[Line, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Those that occur."""
        found = {step.state for stage in self.stages for step in stage.steps}
        return tuple(state for state in SIGNS if state in found)
