"""Whether a path fits, in time that grows with pattern times path and no faster.

All places where a path could be read up to are held at once, as the bits of one number; a step of the pattern moves
them. What repeats is carried along by addition: from a place within a run of fitting characters to behind its end.
"""

from __future__ import annotations

import json
import re
from functools import cache

from builder.context.goregex import CHECK, FOLDER_STEP, Alternatives, Step

_NO_NEWLINE = "[^\n]"
_SLASH = "/"


def dump(alternatives: Alternatives) -> str:
    return json.dumps(alternatives)


@cache
def load(text: str) -> Alternatives:
    return [[Step(*fields) for fields in steps] for steps in json.loads(text)]


def fits(alternatives: Alternatives, path: str) -> bool:
    """Whether one of them is found in `path`."""
    places = _Places(path)
    return any(places.after(steps) for steps in alternatives)


class _Places:
    def __init__(self, path: str) -> None:
        self._path = path
        self._known: dict[str, int] = {}

    def after(self, steps: list[Step]) -> int:
        places = (1 << len(self._path) + 1) - 1
        for step in steps:
            places = self._moved(places, step)
            if not places:
                break
        return places

    def _moved(self, places: int, step: Step) -> int:
        if step.kind == CHECK:
            return places & self._where(step.text)
        if step.kind == FOLDER_STEP:
            return places | (_carried(places, self._where(_NO_NEWLINE)) & self._where(_SLASH)) << 1
        fitting = self._where(step.text)
        for _ in range(step.low):
            places = (places & fitting) << 1
        if step.high is None:
            return _carried(places, fitting)
        for _ in range(step.high - step.low):
            places |= (places & fitting) << 1
        return places

    def _where(self, text: str) -> int:
        """The places at which the expression, for one character or for a place, fits."""
        known = self._known.get(text)
        if known is None:
            known = 0
            for found in re.finditer(text, self._path):
                known |= 1 << found.start()
            self._known[text] = known
        return known


def _carried(places: int, fitting: int) -> int:
    return (((places & fitting) + fitting) ^ fitting) | places
