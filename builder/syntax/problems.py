"""All problems of one file: each gets its place, and they are raised together."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from builder.errors import BuildfileError, Problems, Span
from builder.syntax.blanks import WORD_GAPS
from builder.syntax.faults import WordError

MAX_PROBLEMS = 100
"""Reading stops there: what has so many is no Buildfile."""


class ProblemList:
    def __init__(self, lines: Sequence[str]) -> None:
        self.errors: list[BuildfileError] = []
        self._lines = lines

    @property
    def is_full(self) -> bool:
        return len(self.errors) >= MAX_PROBLEMS

    def add(self, error: BuildfileError, span: Span) -> None:
        """`span` is that of the whole instruction; an error that knows its word gets that word's line and column."""
        if error.span is None:
            word = error.word if isinstance(error, WordError) else ""
            error.span = self._narrow(span, word)
        self.errors.append(error)

    def raise_if_any(self) -> None:
        """One problem as itself, several as Problems in source order."""
        if self.is_full:
            self.errors.append(BuildfileError("too-many-problems", "too many problems: the rest was not read"))
        self.errors.sort(key=lambda error: error.span.line if error.span else sys.maxsize)
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise Problems(tuple(self.errors))

    def _narrow(self, span: Span, word: str) -> Span:
        if not word:
            return span
        # Behind the instruction's name, in which the word may occur by chance.
        gap = WORD_GAPS.search(span.text, span.column)
        start = gap.end() if gap else 0
        for line in range(span.line, span.end_line + 1):
            text = self._lines[line - 1]
            column = text.find(word, start)
            if column >= 0:
                return span._replace(line=line, column=column + 1, text=text.rstrip("\r"))
            start = 0
        return span
