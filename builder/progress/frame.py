"""What the terminal display draws at one moment."""

from __future__ import annotations

from builder.lean import NamedTuple
from builder.progress.events import TaskProgress


class Line(NamedTuple):
    """One line that stays on the screen."""

    text: str
    style: str = ""
    """rich's name of how it looks; the words say the same without it."""


class Running(NamedTuple):
    """A task as the next frame shows it."""

    title: str
    seconds: float
    tail: tuple[str, ...]
    progress: TaskProgress | None


class Frame(NamedTuple):
    finished: list[Line]
    """What has ended since the last frame."""
    running: list[Running]
    seconds: float
    """Since the first event."""
