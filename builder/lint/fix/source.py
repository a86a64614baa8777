"""A Buildfile's physical lines, and where each character of an instruction stands in them."""

from __future__ import annotations

from typing import NamedTuple

from builder.syntax.blanks import BLANK
from builder.syntax.instructions import Node
from builder.syntax.text import from_bytes, to_bytes

_BOM = b"\xef\xbb\xbf"


class Edit(NamedTuple):
    """Characters `start` to `end` of a line become `text`; with `drops_line` the line goes, its end too."""

    line: int
    start: int = 0
    end: int = 0
    text: str = ""
    drops_line: bool = False


class Source:
    def __init__(self, data: bytes, escape: str) -> None:
        self.has_bom = data.startswith(_BOM)
        self.lines = from_bytes(data.removeprefix(_BOM)).split("\n")
        self.escape = escape

    def edited(self, edits: list[Edit]) -> bytes:
        lines: list[str | None] = list(self.lines)
        for edit in sorted(edits, reverse=True):
            text = lines[edit.line - 1]
            if text is not None:
                changed = text[: edit.start] + edit.text + text[edit.end :]
                lines[edit.line - 1] = None if edit.drops_line else changed
        text = "\n".join(line for line in lines if line is not None)
        return _BOM * self.has_bom + to_bytes(text)


class Place(NamedTuple):
    line: int
    column: int
    """From 0."""


class Located:
    """The text of an instruction, heredocs apart, with the place of each character."""

    def __init__(self, source: Source, node: Node) -> None:
        self.text = ""
        self.places: list[Place] = []
        self.empty_lines: list[int] = []
        number, continued = node.span.line, True
        while continued and number <= len(source.lines):
            line = source.lines[number - 1].rstrip("\r")
            inner = line.lstrip(BLANK)
            if number > node.span.line and (not inner or inner[0] == "#"):
                self.empty_lines += [number] if not inner else []
                number += 1
                continue
            start = len(line) - len(inner) if number == node.span.line else 0
            content, continued = _cut(line, source.escape)
            self.text += content[start:]
            self.places += [Place(number, column) for column in range(start, len(content))]
            number += 1
        self.is_sound = self.text == node.original
        """False where bytes of one character stand on two lines: then nothing here holds."""

    def replace(self, start: int, end: int, text: str) -> list[Edit]:
        """What stands from `start` to before `end`, which must be on one line or nothing; else no edit comes of it."""
        if start == end:
            place = self.places[start - 1]
            return [Edit(place.line, place.column + 1, place.column + 1, text)]
        first, last = self.places[start], self.places[end - 1]
        if first.line != last.line:
            return []
        return [Edit(first.line, first.column, last.column + 1, text)]

    def delete(self, start: int, end: int) -> list[Edit]:
        places = self.places[start:end]
        return [Edit(place.line, place.column, place.column + 1) for place in places]


def _cut(line: str, escape: str) -> tuple[str, bool]:
    """The line without its continuation, as syntax/lines.py has it."""
    stripped = line.rstrip(" \t")
    if stripped.endswith(escape) and not stripped.endswith(escape * 2):
        return stripped[:-1], True
    return line, False
