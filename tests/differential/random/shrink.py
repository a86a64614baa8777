"""A finding with everything taken away that it does not need."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from tests.differential.random.buildfile import Made

_TRIES = 40


def shrink(made: Made, is_one: Callable[[Made], bool]) -> Made:
    """`is_one` says whether a case still shows what was found."""
    left = _TRIES
    smaller = True
    while smaller and left > 0:
        smaller = False
        for tried in _smaller(made):
            left -= 1
            if left <= 0:
                break
            if is_one(tried):
                made, smaller = tried, True
                break
    return made


def _smaller(made: Made) -> Iterator[Made]:
    text, described = made
    lines = text.split("\n")
    for width in (4, 2, 1):
        for at in range(len(lines) - width, -1, -1):
            rest = lines[:at] + lines[at + width :]
            if any(rest) and rest != lines:
                yield "\n".join(rest), described
    for part in ("args", "contexts", "target"):
        if part in described:
            yield text, {name: value for name, value in described.items() if name != part}
    for gone in list(described["context"]):
        fewer = copy.deepcopy(described)
        del fewer["context"][gone]
        if not any(isinstance(what, dict) and what.get("hardlink") == gone for what in fewer["context"].values()):
            yield text, fewer
