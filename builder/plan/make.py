"""From a Buildfile to its plan."""

from __future__ import annotations

from builder.errors import BuilderError
from builder.model.config import ImageConfig
from builder.model.platform import Platform
from builder.plan.apply import apply_instruction
from builder.plan.args import read_arguments
from builder.plan.contexts import Contexts
from builder.plan.images import Images
from builder.plan.references import check_references
from builder.plan.stage_state import Shared, StageState, begin_stage
from builder.plan.stages import declare_stages, raise_together
from builder.plan.triggers import settle
from builder.plan.types import ImageResolver, Plan, PlanOptions, Stage
from builder.syntax.instructions import Arg, Buildfile, From


def make_plan(buildfile: Buildfile, options: PlanOptions, resolver: ImageResolver) -> Plan:
    """Everything expanded, resolved and checked that can be without touching a file.

    Raises BuildfileError with the line, Problems for several, and what the resolver raises, with the line that needs
    the image.
    """
    global_args, last_stage = _preamble(buildfile)
    arguments = read_arguments(global_args, options, last_stage, buildfile.escape)
    graph = declare_stages(buildfile, arguments, Contexts(options))
    target = graph.target(options.target)
    check_references(graph, buildfile.escape)
    images = Images(resolver)
    needed = settle(graph, target, images, options.target_platform, buildfile.escape)
    shared = Shared(graph, images, arguments, options, buildfile.escape, graph.remarks)
    stages = _carry_out(shared, needed)
    return Plan(
        stages=(*stages[:-1], _labelled(stages[-1], options)),
        images=tuple(images.resolved),
        image_platforms=tuple(images.platforms),
        warnings=tuple(sorted(shared.remarks, key=lambda remark: remark.span.line)),
        epoch=arguments.epoch,
    )


def _preamble(buildfile: Buildfile) -> tuple[list[Arg], str]:
    """The ARG lines above the first FROM, and the name of the last stage."""
    args: list[Arg] = []
    heads = [item for item in buildfile.instructions if isinstance(item, From)]
    for item in buildfile.instructions:
        if isinstance(item, From):
            break
        if isinstance(item, Arg):
            args.append(item)
    return args, heads[-1].name if heads else ""


def _carry_out(shared: Shared, needed: list[int]) -> list[Stage]:
    """The needed stages, in file order. A faulty instruction is passed over, so that all faults are told at once."""
    finished: dict[int, StageState] = {}
    errors: list[BuilderError] = []
    for position in needed:
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
    return [state.finish() for state in finished.values()]


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
