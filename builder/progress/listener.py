"""Events handed to a function: what the Python API reports to."""

from __future__ import annotations

import _thread
from collections.abc import Callable

from builder.progress.events import Event


class Listener:
    """A Reporter that calls one function, one event at a time. What the function raises is its caller's to see: it
    ends the build."""

    def __init__(self, hear: Callable[[Event], None]) -> None:
        self._hear = hear
        self._mutex = _thread.allocate_lock()

    def emit(self, event: Event) -> None:
        with self._mutex:
            self._hear(event)

    def close(self) -> None:
        pass
