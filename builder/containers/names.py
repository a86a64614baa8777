"""Names for containers: checked where one is given, made up where none is."""

from __future__ import annotations

import os
import re
from collections.abc import Container as Collection

from builder.errors import UsageError

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
"""docker's rule."""
_LOOKS = (
    "amber brisk calm clever crisp eager fair gentle keen light lucid merry mild neat nimble quick quiet swift warm"
)
_THINGS = "adze anvil awl bevel brace chisel clamp crane drill file gauge hammer lathe level mallet plane rasp saw vice"


def check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise UsageError(
            "bad-name", f"{text[:100]!r} is no name for a container", hint="letters, digits, `_`, `.`, `-`"
        )
    return text


def invent_name(taken: Collection[str]) -> str:
    """One that is not taken."""
    while True:
        look, thing, more = os.urandom(3)
        name = f"{_one_of(_LOOKS, look)}_{_one_of(_THINGS, thing)}"
        for candidate in (name, f"{name}{more}"):
            if candidate not in taken:
                return candidate


def _one_of(words: str, number: int) -> str:
    known = words.split()
    return known[number % len(known)]
