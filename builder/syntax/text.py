"""Bytes as text: what is not UTF-8 becomes surrogate escapes, and U+FFFD where BuildKit makes it so."""

from __future__ import annotations

import re

_ESCAPED_BYTES = re.compile("[\ud800-\udfff]")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def as_latin_1(text: str) -> str:
    """One character for each byte of `text`, for what BuildKit reads byte by byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_latin_1(text: str) -> str:
    """Undoes `as_latin_1`, also for a part that begins within a character."""
    return text if text.isascii() else from_bytes(text.encode("latin-1"))


def replace_bad(text: str) -> str:
    """`text` with U+FFFD for each byte that is not UTF-8, as Go's rune functions see it."""
    return text if text.isascii() else _ESCAPED_BYTES.sub("\ufffd", text)
