"""The two shapes of byte streams that layers flow through."""

from __future__ import annotations

from typing import Protocol


class Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer only where fewer are ready, none only at the end."""


class Writable(Protocol):
    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        """Takes all of `data`, which may become something else afterwards."""
