"""Mermaid's flowcharts, which GitHub, GitLab and many editors draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from builder.graph.colours import COLOURS
from builder.graph.types import Graph, GraphStage, Line
from builder.progress.text import printable

_ESCAPED = {char: f"#{ord(char)};" for char in '#"&<>%`\\;{}[]|'}
"""As character numbers: `%` begins directives, a backtick Markdown, `<` HTML."""


def mermaid(graph: Graph) -> str:
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart LR"
    for stage in graph.stages:
        yield from _stage(stage)
    for line in graph.lines:
        yield f"    {_end_of(graph, line.source)} --> {_start_of(graph, line)}"
    for state in graph.states:
        yield f"    classDef {_class(state)} {_style(state)}"


def _stage(stage: GraphStage) -> Iterator[str]:
    name = f"s{stage.position}"
    yield f'    subgraph {name}["{_escaped(stage.heading)}"]'
    yield "        direction TB"
    for step in stage.steps:
        yield f'        {_node(step.id)}["{_escaped(step.short_label)}"]:::{_class(step.state)}'
    if not stage.steps:
        yield f'        {name}_0["{_escaped(stage.base)}"]'
    if len(stage.steps) > 1:
        yield f"        {' --> '.join(_node(step.id) for step in stage.steps)}"
    yield "    end"


def _end_of(graph: Graph, position: int) -> str:
    stage = next(stage for stage in graph.stages if stage.position == position)
    return _node(stage.steps[-1].id) if stage.steps else f"s{position}_0"


def _start_of(graph: Graph, line: Line) -> str:
    if line.step:
        return _node(line.step)
    stage = next(stage for stage in graph.stages if stage.position == line.reader)
    return _node(stage.steps[0].id) if stage.steps else f"s{line.reader}_0"


def _node(identifier: str) -> str:
    return f"s{identifier.replace('.', '_')}"


def _class(state: str) -> str:
    return state.replace(" ", "_")


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(char, char) for char in printable(text))


def _style(state: str) -> str:
    found = COLOURS[state]
    dashes = ",stroke-dasharray:4 3" if found.is_dashed else ""
    return f"fill:{found.fill},stroke:{found.edge},color:{found.text}{dashes}"
