"""References between stages that cannot be right, whether the target needs them or not."""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import BuilderError, BuildfileError, Span
from builder.model.place import check_image_name
from builder.plan.contexts import SCRATCH
from builder.plan.expansion import expand_word
from builder.plan.stages import DeclaredStage, StageGraph, raise_together
from builder.syntax.instructions import Copy, Instruction, Run


def check_references(graph: StageGraph, escape: str) -> None:
    """Raises BuildfileError, or Problems for several: a base or --from that is neither a stage nor the name of an
    image, a variable in --from, stages that wait for each other."""
    errors: list[BuilderError] = []
    for stage in graph.stages:
        errors += _stage_errors(graph, stage, escape)
    if errors:
        raise_together(errors)
    _refuse_cycles(graph)


def check_sources(graph: StageGraph, item: Instruction, escape: str) -> None:
    """Raises BuildfileError unless what `item` reads from can be a stage or an image."""
    if isinstance(item, Copy) and item.from_ and expand_word(item.from_, {}, escape, item.span).text != item.from_:
        raise BuildfileError(
            "variable-in-from",
            f"COPY --from={item.from_}: nothing is expanded here",
            hint="write FROM $NAME AS alias, with NAME a global ARG, and copy from the alias",
            span=item.span,
        )
    what = "RUN --mount=from=" if isinstance(item, Run) else "COPY --from="
    for name, position in graph.origins(item):
        if position is None and name != SCRATCH:
            try:
                check_image_name(name)
            except BuilderError as error:
                raise _not_an_image(graph, what + name, name, error, item.span) from None


def _stage_errors(graph: StageGraph, stage: DeclaredStage, escape: str) -> Iterator[BuilderError]:
    if stage.starts_from_image:
        try:
            check_image_name(stage.base_name)
        except BuilderError as error:
            yield _not_an_image(graph, "FROM " + stage.base_name, stage.base_name, error, stage.head.span)
    for item in stage.instructions:
        try:
            check_sources(graph, item, escape)
        except BuilderError as error:
            yield error


def _not_an_image(graph: StageGraph, what: str, name: str, error: BuilderError, span: Span) -> BuildfileError:
    similar = graph.similar_name(name)
    hint = f"did you mean the stage {similar}?" if similar else None
    if similar == name.lower():
        hint = f"FROM compares with the stage's name in lower case: write {similar}"
    return BuildfileError("bad-base", f"{what} is neither a stage nor an image: {error.message}", hint=hint, span=span)


def _refuse_cycles(graph: StageGraph) -> None:
    """Raises BuildfileError `circular-dependency` at the instruction that closes a circle of --from references."""
    done: set[int] = set()
    for start in graph.stages:
        path = {start.position: _stage_sources(graph, start.position)}
        while path:
            position, sources = next(reversed(path.items()))
            source, span = next(sources, (position, None))
            if span is None:
                done.add(position)
                del path[position]
            elif source in path:
                numbers = [*path, source]
                circle = " -> ".join(graph.stages[number].title for number in numbers[numbers.index(source) :])
                raise BuildfileError("circular-dependency", f"stages wait for each other: {circle}", span=span)
            elif source not in done:
                path[source] = _stage_sources(graph, source)


def _stage_sources(graph: StageGraph, position: int) -> Iterator[tuple[int, Span | None]]:
    return ((source, span) for _, source, span in graph.sources(graph.stages[position]) if source is not None)
