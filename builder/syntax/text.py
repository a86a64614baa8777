"""Bytes as text: what is not UTF-8 becomes surrogate escapes, and U+FFFD where BuildKit makes it so."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPED_BYTES = re.compile("[\ud800-\udfff]")


def from_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def as_latin_1(text: str) -> str:
    """One character for each byte of `text`, for what BuildKit reads byte by byte."""
    return text if text.isascii() else to_bytes(text).decode("latin-1")


def from_latin_1(text: str) -> str:
    """Undoes `as_latin_1`, also for a part that begins within a character."""
    return text if text.isascii() else from_bytes(text.encode("latin-1"))


def replace_bad(text: str) -> str:
    """`text` with U+FFFD for each byte that is not UTF-8, as Go's rune functions see it."""
    return text if text.isascii() else _ESCAPED_BYTES.sub("\ufffd", text)


def join(parts: Iterable[str]) -> str:
    """The parts as one text: a character that was cut between two of them is whole again."""
    text = "".join(parts)
    return text if text.isascii() or _ESCAPED_BYTES.search(text) is None else from_bytes(to_bytes(text))
