"""The graph of a build that is in the history."""

from __future__ import annotations

from collections.abc import Iterator

from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.graph.types import Graph, GraphStage, GraphStep, Line


def graph_of_record(record: BuildRecord) -> Graph:
    stages = []
    for stage in record.stages:
        rows = _rows(record, stage.position)
        stages.append(
            GraphStage(stage.position, stage.title, stage.base, stage.is_target, tuple(_step(row) for row in rows))
        )
    name = record.names[0] if record.names else record.file.rpartition("/")[2]
    return Graph(f"{name}: build {record.id}, {record.outcome}", tuple(stages), tuple(_lines(record)))


def _rows(record: BuildRecord, position: int) -> list[StepRow]:
    return [row for row in record.steps if _stage_of(row.id) == position]


def _step(row: StepRow) -> GraphStep:
    state = StepOutcome.CACHED if row.outcome is StepOutcome.SHARED else row.outcome
    seconds = row.seconds if row.outcome in (StepOutcome.RAN, StepOutcome.FAILED) else 0.0
    return GraphStep(row.id, row.text, str(state), seconds, row.reason)


def _lines(record: BuildRecord) -> Iterator[Line]:
    known = {stage.position for stage in record.stages}
    for stage in record.stages:
        titles = {other.title: other.position for other in record.stages}
        if stage.base in titles and titles[stage.base] != stage.position:
            yield Line(titles[stage.base], stage.position)
        for row in _rows(record, stage.position):
            sources = {_stage_of(name) for name in row.after if not (row.number == 1 and name in stage.after)}
            for source in sorted(sources & known - {stage.position}):
                yield Line(source, stage.position, row.id)


def _stage_of(identifier: str) -> int:
    position = identifier.partition(".")[0]
    return int(position) if position.isdecimal() else -1
