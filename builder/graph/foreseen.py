"""The graph of a build that has not been made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.graph.types import Graph, GraphStage, GraphStep, Line
from builder.pipeline.foreseeing import Foreseen
from builder.plan.types import Plan, SourceKind, Stage


def graph_of_plan(title: str, plan: Plan, rows: Sequence[Foreseen]) -> Graph:
    """`rows`: one for each step of the plan, in its order."""
    left = iter(rows)
    targets = {stage.position for stage in plan.results}
    stages = []
    for stage in plan.stages:
        steps = tuple(
            GraphStep(f"{stage.position}.{step.number}", step.text, str(row.outlook), reason=row.reason)
            for step, row in zip(stage.steps, left, strict=False)
        )
        base = _base(stage, plan)
        stages.append(GraphStage(stage.position, stage.full_title, base, stage.position in targets, steps))
    return Graph(title, tuple(stages), tuple(_lines(plan)))


def _base(stage: Stage, plan: Plan) -> str:
    if stage.base.kind is SourceKind.IMAGE:
        return plan.images[stage.base.image].name
    titles = {other.position: other.full_title for other in plan.stages}
    return titles[stage.base.stage] if stage.base.kind is SourceKind.STAGE else str(stage.base.kind)


def _lines(plan: Plan) -> Iterator[Line]:
    for stage in plan.stages:
        if stage.base.kind is SourceKind.STAGE:
            yield Line(stage.base.stage, stage.position)
        for step in stage.steps:
            for source in sorted(set(step.reads)):
                yield Line(source, stage.position, f"{stage.position}.{step.number}")
