"""What the target needs once its bases have been asked, and what those bases want run first (ONBUILD)."""

from __future__ import annotations

from collections.abc import Iterable

from builder.errors import BuilderError, BuildfileError, Span
from builder.model.platform import Platform
from builder.plan.images import Images
from builder.plan.references import check_sources
from builder.plan.stages import DeclaredStage, StageGraph
from builder.syntax.instructions import From, Instruction, Onbuild
from builder.syntax.parse import parse_onbuild


def settle(graph: StageGraph, target: int, images: Images, platform: Platform, escape: str) -> list[int]:
    """The stages that the target needs, in file order, all their images resolved and their triggers in place.

    A trigger may itself copy from a stage that nothing else needs: so this goes on until nothing new turns up.
    """
    settled: set[int] = set()
    while True:
        needed = graph.reachable(target)
        fresh = [position for position in needed if position not in settled]
        if not fresh:
            return needed
        for position in fresh:
            stage = graph.stages[position]
            stage.triggers = _read_triggers(_expressions(graph, stage, images, platform), stage.head.span)
            for trigger in stage.triggers:
                check_sources(graph, trigger, escape)
            for name, source, span in graph.sources(stage):
                wanted = graph.contexts.image(name, platform) if source is None else ""
                if wanted:
                    _resolve(graph, images, wanted, platform, span)
            settled.add(position)


def _expressions(graph: StageGraph, stage: DeclaredStage, images: Images, platform: Platform) -> tuple[str, ...]:
    if stage.base is None:
        name = stage.head.name if stage.is_replaced else stage.base_name
        wanted = graph.contexts.image(name, stage.platform or platform)
        if not wanted:
            return ()
        position = _resolve(graph, images, wanted, stage.platform or platform, stage.head.span)
        return () if stage.is_replaced else images.resolved[position].config.config.on_build
    return tuple(item.expression for item in graph.stages[stage.base].instructions if isinstance(item, Onbuild))


def _resolve(graph: StageGraph, images: Images, name: str, platform: Platform, span: Span) -> int:
    """A name that no registry knows is often a stage's name, misspelt."""
    try:
        return images.position(name, platform, span)
    except BuilderError as error:
        similar = graph.similar_name(name)
        if similar and not error.hint:
            error.hint = f"did you mean the stage {similar}?"
        raise


def _read_triggers(expressions: Iterable[str], span: Span) -> tuple[Instruction, ...]:
    """Triggers stand where the FROM that sets them off stands: the base's file is not at hand."""
    triggers = []
    for expression in expressions:
        try:
            trigger = parse_onbuild(expression, span)
        except BuilderError as error:
            raise BuildfileError(
                error.code, f"the base's ONBUILD {expression}: {error.message}", hint=error.hint, span=span
            ) from None
        if isinstance(trigger, From):
            raise BuildfileError("bad-trigger", f"the base's ONBUILD {expression}: FROM cannot be a trigger", span=span)
        triggers.append(trigger)
    return tuple(triggers)
