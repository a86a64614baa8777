"""`--progress none`."""

from __future__ import annotations

from builder.progress.events import Event


class SilentReporter:
    """Shows nothing."""

    def emit(self, event: Event) -> None:
        pass

    def close(self) -> None:
        pass
