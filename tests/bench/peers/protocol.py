"""What the benchmark asks of a tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class BuildFailedError(Exception):
    """A tool did not build what it was given; the message ends with the tail of its output."""


class UnusableError(Exception):
    """A tool is not there, or must not be used; the message says why."""


@dataclass(frozen=True)
class Bases:
    """Folders of two contexts: `base` makes the base image, `warm` builds on it, so that it is unpacked."""

    base: str
    warm: str


class Peer(Protocol):
    """A tool that builds images. An adapter is made by its module's `find`, which raises `UnusableError`."""

    name: str
    makes: str
    """What has been made when one command has ended, for the note below the table."""

    def version(self) -> str: ...

    def make_cold(self, bases: Bases) -> None:
        """Afterwards the tool has the base image, unpacked, and nothing of any other build."""

    def command(self, context: str, *, cold: bool) -> list[str]:
        """The command line that builds `context`; `cold` where it follows `make_cold` directly."""

    def check(self) -> None:
        """Raises `BuildFailedError` unless the image of the last build is there."""

    def close(self) -> None:
        """Removes everything that the tool has kept of the benchmark. Safe to repeat."""
