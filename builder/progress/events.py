"""What happens during a build, as plain records. Displays only read them; nothing here knows how builds work."""

from __future__ import annotations

from builder.lean import NamedTuple, Protocol


class TaskStarted(NamedTuple):
    """A task is a step, a pull, an export: anything that a person watches. `id` is unique in a build."""

    id: str
    title: str
    """E.g. `[build 2/5] RUN make`."""
    time: float
    """Seconds since the epoch (all events)."""
    group: str = ""
    """Stage title, or `internal`."""


class TaskLog(NamedTuple):
    id: str
    time: float
    data: bytes
    """Output of a process as it came, not cut at lines."""


class TaskProgress(NamedTuple):
    id: str
    time: float
    done: int
    total: int
    """0 where unknown."""
    unit: str = "bytes"


class TaskFinished(NamedTuple):
    id: str
    time: float
    cached: bool = False
    reason: str = ""
    """Why a step was not cached, in one line; with `--explain` also what it was cached from."""
    error: str = ""
    """What went wrong, in one line; empty for success."""
    canceled: bool = False


class WarningRaised(NamedTuple):
    time: float
    rule: str
    message: str
    file: str = ""
    line: int = 0


class BuildFinished(NamedTuple):
    """The summary. Always the last event, also after an error."""

    time: float
    seconds: float
    steps: int
    cached: int
    image_id: str = ""
    size: int = 0
    """Bytes of all layer blobs of the image."""
    names: tuple[str, ...] = ()
    error: str = ""
    build: str = ""
    """Its id in the history of builds."""


Event = TaskStarted | TaskLog | TaskProgress | TaskFinished | WarningRaised | BuildFinished


class Reporter(Protocol):
    def emit(self, event: Event) -> None:
        """Takes an event. Safe to call from several threads; never raises and never blocks for long."""

    def close(self) -> None:
        """Leaves the terminal as it was found. Safe to repeat."""
