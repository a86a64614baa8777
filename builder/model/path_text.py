"""Paths, as they are printed."""

from __future__ import annotations


def path_text(path: str) -> str:
    """A path, which may hold any byte, in one line that steers no terminal: what cannot be shown is escaped as Python
    does it."""
    if path.isascii() and path.isprintable():
        return path
    whole = path.encode("utf-8", "surrogateescape").decode(errors="backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in whole)
