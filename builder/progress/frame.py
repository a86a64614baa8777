"""What the terminal display draws at one moment."""

from __future__ import annotations

from builder.lean import NamedTuple
from builder.progress.events import TaskProgress


class Line(NamedTuple):
    """What stays on the screen of a task that has ended."""

    status: str
    title: str
    reason: str = ""
    style: str = ""
    """rich's name of how it looks; the words say the same without it."""

    def fitted(self, width: int) -> str:
        """In one row of the screen, by cutting the title, where that leaves a third of the row to it; what a command
        says in full is in the Buildfile. The reason is whole."""
        room = max(width - len(self.status) - len(self.reason) - 2, width // 3)
        title = self.title if len(self.title) <= room else f"{self.title[: room - 1]}…"
        return f"{self.status} {title}{self.reason}"


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
