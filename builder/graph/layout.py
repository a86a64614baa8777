"""Where stages stand: in columns, each left of those that need it; lines across columns have places of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from builder.graph.types import Graph, GraphStage, Line

WIDTH, HEAD, ROW, FOOT = 310.0, 48.0, 24.0, 8.0
GAP_X, GAP_Y, EDGE = 72.0, 26.0, 24.0
_THROUGH = 12.0
"""Height that a line needs to pass through a column."""
_SWEEPS = 4


class Box(NamedTuple):
    stage: GraphStage
    x: float
    y: float
    height: float


class Path(NamedTuple):
    line: Line
    points: tuple[tuple[float, float], ...]
    """In pairs: from the right side of what stands in one column to the left side of what stands in the next."""


class Layout(NamedTuple):
    width: float
    height: float
    boxes: tuple[Box, ...]
    paths: tuple[Path, ...]


class _Slot(NamedTuple):
    """What takes room in a column: a stage, or a line on its way."""

    stage: int
    line: int = -1


def layout(graph: Graph) -> Layout:
    stages = {stage.position: stage for stage in graph.stages}
    columns = _columns(graph)
    routes = [_route(number, line, columns) for number, line in enumerate(graph.lines)]
    slots: list[list[_Slot]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for position, column in columns.items():
        slots[column].append(_Slot(position))
    for route in routes:
        for column, slot in route[1:-1]:
            slots[column].append(slot)
    _sort(slots, routes)
    return _placed(stages, slots, graph.lines, routes)


def height_of(stage: GraphStage) -> float:
    return HEAD + ROW * len(stage.steps) + FOOT


def _columns(graph: Graph) -> dict[int, int]:
    """As far right as its readers allow, so that lines are short."""
    readers: dict[int, list[int]] = {stage.position: [] for stage in graph.stages}
    for line in graph.lines:
        if line.source != line.reader and line.source in readers and line.reader in readers:
            readers[line.source].append(line.reader)
    depth: dict[int, int] = {}

    def measure(position: int, seen: tuple[int, ...]) -> int:
        if position not in depth:
            below = [measure(reader, (*seen, position)) for reader in readers[position] if reader not in seen]
            depth[position] = 1 + max(below, default=-1)
        return depth[position]

    for position in readers:
        measure(position, ())
    deepest = max(depth.values(), default=0)
    return {position: deepest - found for position, found in depth.items()}


def _route(number: int, line: Line, columns: Mapping[int, int]) -> list[tuple[int, _Slot]]:
    first, last = columns[line.source], columns[line.reader]
    between = [(column, _Slot(-1, number)) for column in range(first + 1, last)]
    return [(first, _Slot(line.source)), *between, (last, _Slot(line.reader))]


def _sort(slots: list[list[_Slot]], routes: Sequence[Sequence[tuple[int, _Slot]]]) -> None:
    """Each slot stands near the middle of those that it is joined with, from left to right and back."""
    joined: dict[tuple[int, _Slot, int], list[_Slot]] = {}
    for route in routes:
        for (left, one), (right, other) in pairwise(route):
            joined.setdefault((left, one, right), []).append(other)
            joined.setdefault((right, other, left), []).append(one)
    for sweep in range(_SWEEPS):
        order = range(1, len(slots)) if sweep % 2 == 0 else range(len(slots) - 2, -1, -1)
        for column in order:
            beside = column - 1 if sweep % 2 == 0 else column + 1
            places = {slot: place for place, slot in enumerate(slots[beside])}
            scale = len(slots[column]) / max(len(slots[beside]), 1)
            wanted = {}
            for place, slot in enumerate(slots[column]):
                near = [places[other] for other in joined.get((column, slot, beside), ())]
                wanted[slot] = (sum(near) / len(near) * scale if near else float(place), place)
            slots[column].sort(key=wanted.__getitem__)


def _placed(
    stages: Mapping[int, GraphStage],
    slots: Sequence[Sequence[_Slot]],
    lines: Sequence[Line],
    routes: Sequence[Sequence[tuple[int, _Slot]]],
) -> Layout:
    heights = [[height_of(stages[slot.stage]) if slot.line < 0 else _THROUGH for slot in column] for column in slots]
    tallest = max((sum(column) + GAP_Y * (len(column) - 1) for column in heights), default=0.0)
    places: dict[tuple[int, _Slot], tuple[float, float]] = {}
    boxes = []
    for number, (column, sizes) in enumerate(zip(slots, heights, strict=True)):
        x = EDGE + number * (WIDTH + GAP_X)
        y = EDGE + HEAD + (tallest - sum(sizes) - GAP_Y * (len(sizes) - 1)) / 2
        for slot, size in zip(column, sizes, strict=True):
            places[number, slot] = (x, y)
            if slot.line < 0:
                boxes.append(Box(stages[slot.stage], x, round(y, 1), size))
            y += size + GAP_Y
    paths = tuple(_path(line, route, places, stages) for line, route in zip(lines, routes, strict=True))
    width = 2 * EDGE + max(len(slots) * (WIDTH + GAP_X) - GAP_X, WIDTH)
    return Layout(width, tallest + HEAD + 2 * EDGE, tuple(boxes), paths)


def _path(
    line: Line,
    route: Sequence[tuple[int, _Slot]],
    places: Mapping[tuple[int, _Slot], tuple[float, float]],
    stages: Mapping[int, GraphStage],
) -> Path:
    source, reader = stages[line.source], stages[line.reader]
    points: list[tuple[float, float]] = []
    for place in route:
        x, y = places[place]
        slot = place[1]
        if slot.line >= 0:
            points += [(x, round(y + _THROUGH / 2, 1)), (x + WIDTH, round(y + _THROUGH / 2, 1))]
        elif slot.stage == line.source:
            points.append((x + WIDTH, round(y + height_of(source) - FOOT - ROW / 2, 1)))
        else:
            ids = [step.id for step in reader.steps]
            down = HEAD + ROW * (ids.index(line.step) + 0.5) if line.step in ids else HEAD / 2
            points.append((x, round(y + down, 1)))
    return Path(line, tuple(points))
