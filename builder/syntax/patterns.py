"""The patterns of `${name#pattern}` and `${name/pattern/text}`: `*` and `?` only, neither crossing a line end.

Regular expressions would backtrack without bound on `*a*a*a*`. Between stars only the nearest match can matter, so
each segment is placed once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Spend = Callable[[int], None]
"""Accounts for characters that are copied or searched; raises when it is too much."""

TURN = 64
"""What a turn of a loop of ours costs, in characters that the string methods would have searched."""

ANY = "?"
STAR = "*"
TEMPLATE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)\}|(?P<named>\w+))")


class PatternError(ValueError):
    """The pattern has an escape that means nothing."""


class _Segment(NamedTuple):
    """What stands between two stars; `regex` only where it has a `?`."""

    text: str
    regex: re.Pattern[str] | None

    def at(self, value: str, position: int) -> bool:
        if self.regex is None:
            return value.startswith(self.text, position)
        return self.regex.match(value, position) is not None

    def first(self, value: str, low: int, high: int, spend: Spend) -> int:
        """The least start in `low`..`high`, or -1."""
        limit = high + len(self.text)
        if self.regex is None:
            return value.find(self.text, low, limit)
        spend((min(limit, len(value)) - low + 1) * len(self.text))
        found = self.regex.search(value, low, limit)
        return found.start() if found else -1

    def last(self, value: str, low: int, high: int, spend: Spend) -> int:
        """The greatest start in `low`..`high`, or -1."""
        if self.regex is None:
            return value.rfind(self.text, low, high + len(self.text))
        spend((high - low + 1) * (len(self.text) + TURN))
        return next((at for at in range(high, low - 1, -1) if self.at(value, at)), -1)


class Pattern:
    def __init__(self, text: str) -> None:
        self._segments = tuple(_segment(tokens) for tokens in _split(text))

    def prefix(self, value: str, greedy: bool, spend: Spend) -> int | None:
        """Where the shortest (or longest) match at the start of `value` ends."""
        return self._end(value, 0, greedy, spend) if self._segments[0].at(value, 0) else None

    def replace(self, value: str, text: str, every: bool, spend: Spend) -> str:
        """`value` with the first match, or every match, replaced by `text`.

        Go's ReplaceAllString reads `$name` in the text as a group: `$0` is the match and all others are empty.
        """
        head, *others = self._segments
        if every and head.text and head.regex is None and not others:
            filled = _fill(text, head.text)
            spend(value.count(head.text) * len(filled))
            return value.replace(head.text, filled)
        parts: list[str] = []
        done = search = 0
        while search <= len(value):
            found = self._search(value, search, spend)
            if found is None:
                break
            start, end = found
            if not every:
                return value[:start] + text + value[end:]
            parts.append(value[done:start])
            if end > done or start == 0:
                spend(len(text) + end - start)
                parts.append(_fill(text, value[start:end]))
            done = end
            search = max(end, search + 1)
        return "".join([*parts, value[done:]])

    def _search(self, value: str, position: int, spend: Spend) -> tuple[int, int] | None:
        """The first match from `position`, as long as it can be."""
        head = self._segments[0]
        while position <= len(value):
            spend(TURN * len(self._segments))
            start = head.first(value, position, len(value), spend)
            if start < 0:
                return None
            end = self._end(value, start, True, spend)
            if end is not None:
                return start, end
            # No later start whose star begins in the same line can do better.
            line_end = value.find("\n", start + len(head.text))
            if line_end < 0:
                return None
            position = max(start + 1, line_end + 1 - len(head.text))
        return None

    def _end(self, value: str, start: int, greedy: bool, spend: Spend) -> int | None:
        """The end of a match whose first segment stands at `start`."""
        head, *others = self._segments
        position = start + len(head.text)
        line_end = -1
        for number, segment in enumerate(others, 1):
            if line_end < position:
                line_end = value.find("\n", position)
                line_end = len(value) if line_end < 0 else line_end
            seek = segment.last if greedy and number == len(others) else segment.first
            found = seek(value, position, line_end, spend)
            if found < 0:
                return None
            position = found + len(segment.text)
        return position


def _split(text: str) -> list[list[str]]:
    """Segments of characters, where an escaped character keeps its escape: `*` and `?` alone are wildcards."""
    segments: list[list[str]] = [[]]
    characters = iter(text.removeprefix("\ufeff"))
    for character in characters:
        if character == STAR:
            segments.append([])
        elif character == "\\":
            escaped = next(characters, "")
            if escaped not in ("}", "/", STAR, ANY, "\\"):
                raise PatternError(f"invalid escape '\\{escaped}'")
            segments[-1].append(f"\\{escaped}")
        else:
            segments[-1].append(character)
    head, *others = segments
    # Neighbouring stars are one; a star at the end leaves an empty last segment.
    return [head, *(others[:-1] and [s for s in others[:-1] if s]), *others[-1:]]


def _segment(characters: list[str]) -> _Segment:
    text = "".join(character[-1] for character in characters)
    if ANY not in characters:
        return _Segment(text, None)
    expression = "".join("." if character == ANY else re.escape(character[-1]) for character in characters)
    return _Segment(text, re.compile(expression))


def _fill(template: str, match: str) -> str:
    if "$" not in template:
        return template

    def value(reference: re.Match[str]) -> str:
        if reference["dollar"]:
            return "$"
        return match if "0" in (reference["braced"], reference["named"]) else ""

    return TEMPLATE.sub(value, template)
