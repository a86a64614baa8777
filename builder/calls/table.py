"""Columns of text."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = 3


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Each column as wide as its widest word; a line end after each row."""
    widths = [max(map(len, column)) + _GAP for column in zip(*rows, strict=True)]
    lines = ["".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "".join(f"{line}\n" for line in lines)
