"""A text stream that can be written to whatever becomes of its other end."""

from __future__ import annotations

import contextlib
import os
import sys

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class Writer:
    """Writes to `stream` until that fails once (a closed pipe, a terminal that is gone, a full disk), and is silent
    from then on: a display is no reason for a build to stop."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.broken = False

    def write(self, text: str) -> None:
        """Writes and flushes. Characters that the stream cannot encode become question marks."""
        if self.broken:
            return
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        try:
            self.stream.write(text.encode(encoding, "replace").decode(encoding))
            self.stream.flush()
        except (OSError, ValueError):
            self.give_up()

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal, at the moment and for a display that needs some; what is none has 80 by
        24."""
        try:
            size = os.get_terminal_size(self.stream.fileno())
        except (OSError, ValueError):
            return 80, 24
        return max(size.columns, 20), max(size.lines, 4)

    def give_up(self) -> None:
        """Afterwards nothing is written any more, and what the stream still buffers cannot fail at exit."""
        self.broken = True
        if self.stream in (sys.stderr, sys.stdout):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
                os.dup2(nowhere, self.stream.fileno())
                os.close(nowhere)
