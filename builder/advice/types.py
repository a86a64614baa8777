"""One piece of advice."""

from __future__ import annotations

from typing import NamedTuple

from builder.progress.figures import seconds_text, size_text


class Advice(NamedTuple):
    kind: str
    """`copy-order`, `argument-order`, `apt-lists`, `removed-later`, `unused-files`."""
    step: str
    """The id of the step it is about; empty for the context."""
    line: int
    """In the Buildfile; 0 for the context."""
    text: str
    seconds: float = 0.0
    """What a build with the same edit would save."""
    size: int = 0
    """Bytes that the image, or the context, would be smaller."""

    @property
    def gain(self) -> str:
        parts = [f"{seconds_text(self.seconds)} a build"] if self.seconds else []
        return ", ".join([*parts, *([size_text(self.size)] if self.size else [])])
