"""Errors of a Buildfile before their place is known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from builder.errors import BuildfileError

LONGEST_SHOWN = 60

LONGEST_GUESS = 32
"""No name is longer, and comparing costs the square of the length."""


class WordError(BuildfileError):
    """Knows the word it is about; who knows the lines (syntax/problems.py) makes a column of it."""

    def __init__(self, code: str, message: str, *, hint: str | None = None, word: str = "") -> None:
        super().__init__(code, message, hint=hint)
        self.word = word


def shown(word: str) -> str:
    """`word` as a message quotes it: a hostile file has words of megabytes."""
    return word if len(word) <= LONGEST_SHOWN else f"{word[: LONGEST_SHOWN - 3]}..."


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """` (did you mean NAME?)` where a name is near, else nothing."""
    near = get_close_matches(word, list(names), n=1) if len(word) <= LONGEST_GUESS else []
    return f" (did you mean {near[0]}?)" if near else ""
