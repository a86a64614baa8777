"""What the target needs once its bases have been asked, and what those bases want run first (ONBUILD)."""

from __future__ import annotations

from collections.abc import Iterable

from builder.errors import BuilderError, BuildfileError, Span
from builder.model.platform import Platform
from builder.plan.facts import BaseResolved
from builder.plan.references import check_sources
from builder.plan.stage_state import Shared
from builder.plan.stages import DeclaredStage
from builder.syntax.instructions import From, Instruction, Onbuild
from builder.syntax.parse import parse_onbuild


def settle(shared: Shared, target: int, every_stage: bool) -> list[int]:
    """The stages that the target needs, in file order, all their images resolved and their triggers in place.

    A trigger may itself copy from a stage that nothing else needs: so this goes on until nothing new turns up. With
    `every_stage` the images of the other stages are resolved too; as in BuildKit's check, those stages go without
    triggers.
    """
    graph = shared.graph
    settled: set[int] = set()
    while fresh := [position for position in graph.reachable(target) if position not in settled]:
        for position in fresh:
            stage = graph.stages[position]
            stage.triggers = _read_triggers(_expressions(shared, stage), stage.head.span)
            for trigger in stage.triggers:
                check_sources(graph, trigger, shared.escape)
            _resolve_sources(shared, stage)
            settled.add(position)
    for stage in graph.stages if every_stage else ():
        if stage.position not in settled:
            _expressions(shared, stage)
            _resolve_sources(shared, stage)
    return sorted(settled)


def _resolve_sources(shared: Shared, stage: DeclaredStage) -> None:
    for name, source, span in shared.graph.sources(stage):
        if source is None:
            _resolve(shared, name, None, span)


def _expressions(shared: Shared, stage: DeclaredStage) -> tuple[str, ...]:
    if stage.base is None:
        name = stage.head.name if stage.is_replaced else stage.base_name
        position = _resolve(shared, name, stage.platform, stage.head.span)
        return () if position is None or stage.is_replaced else shared.images.resolved[position].config.config.on_build
    return tuple(item.expression for item in shared.graph.stages[stage.base].instructions if isinstance(item, Onbuild))


def _resolve(shared: Shared, name: str, asked: Platform | None, span: Span) -> int | None:
    """A name that no registry knows is often a stage's name, misspelt. None: it means no image."""
    platform = asked or shared.options.target_platform
    wanted = shared.graph.contexts.image(name, platform)
    if not wanted:
        return None
    try:
        position = shared.images.position(wanted, platform, span)
    except BuilderError as error:
        meant = shared.graph.meant_by(name)
        if meant:
            error.hint = meant
        raise
    config = shared.images.resolved[position].config
    has_layers = config.diff_ids or any(not entry.empty_layer for entry in config.history)
    if has_layers and shared.graph.contexts.find(name, platform) is None:
        expected = platform if asked else _expected(shared, config.platform)
        shared.listener.hear(BaseResolved(name, expected, config.platform), span)
    return position


def _expected(shared: Shared, actual: Platform) -> Platform:
    """Where nobody asked for a platform, an image for this machine is as good as one for the target."""
    options = shared.options
    ours = options.build_platform
    is_ours = (actual.os, actual.architecture) == (ours.os, ours.architecture)
    return ours if is_ours and not options.platform_given else options.target_platform


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
