"""Areas for sizes: the squarified treemap of Bruls, Huizing and van Wijk (2000)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Area(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    def inside(self, edge: float, top: float) -> Area:
        """Without a frame of `edge`, above of `top`; never negative."""
        width, height = max(self.width - 2 * edge, 0.0), max(self.height - edge - top, 0.0)
        return Area(self.x + edge, self.y + top, width, height)


def areas(sizes: Sequence[float], whole: Area) -> list[Area]:
    """One for each size, as near to squares as their order allows: best from the largest on. All sizes above 0."""
    if not sizes or whole.width <= 0 or whole.height <= 0:
        return [whole._replace(width=0.0, height=0.0) for _ in sizes]
    scale = whole.width * whole.height / sum(sizes)
    left = [size * scale for size in sizes]
    made: list[Area] = []
    while left:
        side = min(whole.width, whole.height)
        count = 1
        while count < len(left) and _worst(left[: count + 1], side) <= _worst(left[:count], side):
            count += 1
        row, left = left[:count], left[count:]
        placed, whole = _lay(row, whole)
        made += placed
    return made


def _worst(row: Sequence[float], side: float) -> float:
    """The largest ratio of two sides in a row along `side`."""
    if side <= 0:
        return 0.0
    total = sum(row)
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


def _lay(row: Sequence[float], whole: Area) -> tuple[list[Area], Area]:
    """The row along the shorter side, and what is left."""
    total = sum(row)
    if whole.width >= whole.height:
        depth = min(total / whole.height, whole.width) if whole.height else 0.0
        rest = Area(whole.x + depth, whole.y, whole.width - depth, whole.height)
    else:
        depth = min(total / whole.width, whole.height) if whole.width else 0.0
        rest = Area(whole.x, whole.y + depth, whole.width, whole.height - depth)
    placed, at = [], 0.0
    for size in row:
        length = size / depth if depth else 0.0
        if whole.width >= whole.height:
            placed.append(Area(whole.x, whole.y + at, depth, length))
        else:
            placed.append(Area(whole.x + at, whole.y, length, depth))
        at += length
    return placed, rest
