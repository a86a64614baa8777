"""Graphviz' language."""

from __future__ import annotations

from collections.abc import Iterator

from builder.graph.colours import COLOURS
from builder.graph.types import Graph, GraphStage, Line
from builder.progress.text import printable


def dot(graph: Graph) -> str:
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "digraph build {"
    yield f"    label={_quoted(graph.title)}; labelloc=t; rankdir=LR; compound=true;"
    yield '    node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11];'
    yield '    graph [fontname="sans-serif", fontsize=12, color="#94a1b2"];'
    for stage in graph.stages:
        yield from _stage(stage)
    ends = {stage.position: _names(stage) for stage in graph.stages}
    for line in graph.lines:
        yield f"    {ends[line.source][-1]} -> {_reader(line, ends[line.reader])};"
    yield "}"


def _stage(stage: GraphStage) -> Iterator[str]:
    yield f"    subgraph cluster_{stage.position} {{"
    yield f"        label={_quoted(stage.heading)};"
    for step in stage.steps:
        about = f"{step.text}: {step.state}" + (f", {step.reason}" if step.reason else "")
        words = f"label={_quoted(step.short_label)}, tooltip={_quoted(about)}"
        yield f"        {_quoted(step.id)} [{words}, {_style(step.state)}];"
    if not stage.steps:
        yield f"        {_names(stage)[0]} [label={_quoted(stage.base)}];"
    if len(stage.steps) > 1:
        yield f"        {' -> '.join(_names(stage))};"
    yield "    }"


def _names(stage: GraphStage) -> list[str]:
    return [_quoted(step.id) for step in stage.steps] or [_quoted(f"{stage.position}.0")]


def _reader(line: Line, names: list[str]) -> str:
    return _quoted(line.step) if line.step else names[0]


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _style(state: str) -> str:
    found = COLOURS[state]
    dashes = ', style="rounded,filled,dashed"' if found.is_dashed else ""
    return f'fillcolor="{found.fill}", color="{found.edge}", fontcolor="{found.text}"{dashes}'
