"""Archives that commands read: files, or standard input."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from builder.errors import ImageError, UsageError


def open_archive(path: str, opened: ExitStack) -> int:
    """A descriptor on the file, or on standard input for `-`. Raises UsageError `terminal` where that is one."""
    if path == "-":
        if sys.stdin.isatty():
            raise UsageError("terminal", "an archive is not read from a terminal", hint="redirect it, or name a file")
        return sys.stdin.fileno()
    try:
        return opened.enter_context(open(path, "rb")).fileno()
    except OSError as error:
        raise ImageError("unreadable", f"{path} cannot be read: {error.strerror}") from error
