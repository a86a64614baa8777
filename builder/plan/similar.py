"""Names that were probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The first of `known` that is at most two edits away and nearest; empty when there is none."""
    best, best_distance = "", 3
    for candidate in known:
        distance = _edits(name, candidate)
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


def _edits(left: str, right: str) -> int:
    """Levenshtein's distance; 3 stands for three or more, found without a table where the lengths tell already."""
    if abs(len(left) - len(right)) > 2:
        return 3
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
    return row[-1]
