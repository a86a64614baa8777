"""From a Buildfile to its plan."""

from __future__ import annotations

from builder.errors import BuilderError
from builder.model.config import ImageConfig
from builder.model.platform import Platform
from builder.plan.apply import apply_instruction
from builder.plan.args import platform_arguments, read_arguments
from builder.plan.contexts import Contexts
from builder.plan.epoch import NamedEpoch, RemoteTime, no_time
from builder.plan.facts import NOBODY, ArgumentsRead, FileRead, Listener
from builder.plan.images import Images
from builder.plan.references import check_references
from builder.plan.stage_state import Shared, StageState, begin_stage
from builder.plan.stages import declare_stages, raise_together
from builder.plan.triggers import settle
from builder.plan.types import ImageResolver, Plan, PlanOptions, Stage
from builder.syntax.instructions import Arg, Buildfile, From


def make_plan(
    buildfile: Buildfile,
    options: PlanOptions,
    resolver: ImageResolver,
    listener: Listener = NOBODY,
    every_stage: bool = False,
    remote_time: RemoteTime = no_time,
) -> Plan:
    """Everything expanded, resolved and checked that can be without touching a file.

    Raises BuildfileError with the line, Problems for several, and what the resolver raises, with the line that needs
    the image. `every_stage`: those that the target does not need are worked out too, so that everything comes to light
    that is wrong with them; the plan does not have them.
    """
    listener.hear(FileRead(buildfile))
    global_args, heads = _preamble(buildfile)
    last_stage = heads[-1].name if heads else ""
    predefined = platform_arguments(options, last_stage)
    listener.hear(ArgumentsRead(tuple(global_args), predefined, tuple(heads), buildfile.escape))
    named_epoch = NamedEpoch(buildfile, options, remote_time)
    arguments = read_arguments(global_args, options, last_stage, buildfile.escape, named_epoch)
    graph = declare_stages(buildfile, arguments, Contexts(options), listener)
    target = graph.target(options.target)
    check_references(graph, buildfile.escape)
    images = Images(resolver)
    shared = Shared(graph, images, arguments, options, buildfile.escape, listener)
    needed = settle(shared, target, every_stage)
    stages = _carry_out(shared, needed, every_stage)
    return Plan(
        stages=(*stages[:-1], _labelled(stages[-1], options)),
        images=tuple(images.resolved),
        image_platforms=tuple(images.platforms),
        epoch=arguments.epoch,
        epoch_from=named_epoch.source,
    )


def _preamble(buildfile: Buildfile) -> tuple[list[Arg], list[From]]:
    """The ARG lines above the first FROM, and every FROM."""
    args: list[Arg] = []
    heads = [item for item in buildfile.instructions if isinstance(item, From)]
    for item in buildfile.instructions:
        if isinstance(item, From):
            break
        if isinstance(item, Arg):
            args.append(item)
    return args, heads


def _carry_out(shared: Shared, needed: list[int], every_stage: bool) -> list[Stage]:
    """The needed stages, in file order. With `every_stage` the others are carried out as well. A faulty instruction is
    passed over, so that all faults are told at once."""
    finished: dict[int, StageState] = {}
    errors: list[BuilderError] = []
    for position in range(len(shared.graph.stages)) if every_stage else needed:
        state = begin_stage(shared.graph.stages[position], shared, finished)
        for item, is_trigger in state.declared.all_instructions():
            state.in_trigger = is_trigger
            try:
                apply_instruction(state, item)
            except BuilderError as error:
                errors.append(error.at(item.span))
        finished[position] = state
    if errors:
        raise_together(errors)
    return [finished[position].finish() for position in needed]


def _labelled(target: Stage, options: PlanOptions) -> Stage:
    """The target with what the command line says of the image: `--label` after all instructions, and the platform."""
    image = target.config
    labels = dict(image.config.labels) | dict(options.labels)
    image = image._replace(config=image.config._replace(labels=tuple(sorted(labels.items()))))
    if options.platform_given or not (image.platform.os and image.platform.architecture):
        image = _for_platform(image, options.target_platform)
    return target._replace(config=image._replace(platform=image.platform.normalized()))


def _for_platform(image: ImageConfig, wanted: Platform) -> ImageConfig:
    """Variant and OS version of the base stay where the request leaves them open and means the same machine."""
    base = image.platform
    same = (base.os, base.architecture) == (wanted.os, wanted.architecture)
    variant = wanted.variant or (base.variant if same else "")
    os_version = wanted.os_version or (base.os_version if same else "")
    return image._replace(platform=Platform(wanted.os, wanted.architecture, variant, os_version))
