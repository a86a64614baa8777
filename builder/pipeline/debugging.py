"""`pybuild debug` and `--on-error`: into the filesystem of any step of the last build.

Nothing is kept for this but the options of the last build and the files of its RUNs that failed. The plan is made
again (from the store's memo), and its steps are looked up in the cache: so every step that ran or hit can be entered,
long after the build.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from builder.cache.ledger import Ledger
from builder.errors import BuilderError, UsageError
from builder.images.assemble import Ingredients, assemble
from builder.images.stored import Image
from builder.lean import NamedTuple
from builder.model.config import RunConfig
from builder.model.layer import Chain, chain_identity
from builder.pipeline.build import BuildOptions, Workshop, past_of, plan_build
from builder.plan.types import Plan, RunAction, Stage, Step
from builder.solve.solver import SolveOptions, Solver
from builder.solve.types import Inputs
from builder.steps.failed import Failed
from builder.steps.runner import LocalStepRunner
from builder.steps.shell import Scene
from builder.store.store import Store

_NUMBERED = re.compile(r"(?:(?P<stage>[^.:]+)\.)?(?P<number>[0-9]+)")
_LINE = re.compile(r":(?P<line>[0-9]+)")


class Request(NamedTuple):
    """What is wanted of a step's filesystem."""

    step: str = ""
    before: bool = False
    command: tuple[str, ...] = ()
    export: str = ""
    """Where the files go, a folder or a `.tar`, instead of running anything."""


class Place(NamedTuple):
    """A step of the last build, and the filesystem around it."""

    stage: Stage
    step: Step
    scene: Scene
    inputs: Inputs
    """What the step built on: its mounts come from there."""
    failed: bool = False


def enter_step(options: BuildOptions, shop: Workshop, request: Request, announce: Callable[[str], None]) -> int:
    """Tells `announce` where it goes, and runs the command, or a shell, in the step's filesystem, or exports that.
    Returns the command's exit code."""
    text = shop.buildfile()
    plan = plan_build(options, text, shop)
    runner = shop.runner(plan, text.path)
    cache = shop.cache(Ledger.load(shop.store.place("builds", text.path), shop.store), plan)
    solver = Solver(
        plan, runner, cache, shop.reporter, SolveOptions("", text.path, epoch=plan.epoch), past_of(shop, text.path)
    )
    failures = runner.last_failures()
    place = find_place(plan, solver, request.step, failures, request.before)
    for stage, step in _also_failed(plan, failures, place):
        announce(f"{_title(stage, step)} failed, too: pybuild debug --step {stage.title}.{step.number}")
    if request.export:
        shop.export(_image(shop.store, place, runner), request.export)
        return 0
    announce(_announcement(place, request))
    return runner.shell(place.scene, shell_action(place, request.command), place.inputs, (0, 1, 2)).code


def _announcement(place: Place, request: Request) -> str:
    when = "as the step found it" if request.before else "as the failed command left it" if place.failed else "after it"
    return f"{_title(place.stage, place.step)}\n{when}; changes are not kept"


def _title(stage: Stage, step: Step) -> str:
    return f"[{stage.title} {step.number}/{len(stage.steps)}] {step.text}"


def _also_failed(plan: Plan, failures: Sequence[Failed], place: Place) -> list[tuple[Stage, Step]]:
    """The other steps of the same build that failed; none where it is no failed step that is entered."""
    steps = [(stage, step) for stage in plan.stages for step in stage.steps]
    return [pair for pair in steps if place.failed and pair[1] != place.step and any(_is(f, pair[1]) for f in failures)]


def _image(store: Store, place: Place, runner: LocalStepRunner) -> Image:
    """The scene as something that outputs take."""
    layers = runner.capture(place.scene)
    config = place.stage.config._replace(diff_ids=tuple(layer.diff_id for layer in layers), history=())
    return assemble(store, Ingredients(config, (), layers, ()))


def find_place(plan: Plan, solver: Solver, wanted: str, failures: Sequence[Failed], before: bool) -> Place:
    """The step that `wanted` means (`4`, `build.2`, `:12` for a line; empty: the one that failed, else the last), with
    the files that it left, or found if `before`. Raises UsageError for a step that does not exist, BuilderError
    `not-built` for one that no record and no failure leads to."""
    solver.look_up()
    stage, step = _find(plan, wanted) if wanted else _default(plan, solver, failures)
    state = solver.states[stage.position]
    inherited = len(state.layers) - state.taken
    below = inherited + step.number - 1
    if not state.started or len(state.layers) < below:
        raise _not_built(stage, step)
    parent: Chain = tuple(state.layers[:below])
    inputs = Inputs(parent, {position: tuple(solver.states[position].layers) for position in step.reads})
    if before:
        return Place(stage, step, Scene(parent), inputs)
    if state.taken >= step.number:
        return Place(stage, step, Scene((*parent, state.layers[below])), inputs)
    for failed in failures:
        if _is(failed, step) and failed.parent == chain_identity(parent):
            return Place(stage, step, Scene(parent, failed.upper), inputs, failed=True)
    raise _not_built(stage, step)


def shell_action(place: Place, command: Sequence[str]) -> RunAction:
    """What to run there: `command`, or the stage's shell, as the step would have run: its environment, user and
    directory. A step that is no RUN has those of its stage's image."""
    action = place.step.action
    argv = tuple(command) or (_shell(place.stage.config.config),)
    if isinstance(action, RunAction):
        return action._replace(argv=argv)
    config = place.stage.config.config
    pairs = tuple(_pair(item) for item in config.env)
    return RunAction(argv, pairs, config.working_dir or "/", config.user)


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value


def _shell(config: RunConfig) -> str:
    return config.shell[0] if config.shell else "/bin/sh"


def _find(plan: Plan, wanted: str) -> tuple[Stage, Step]:
    if line := _LINE.fullmatch(wanted):
        return _only(plan, wanted, lambda _, step: step.span.line <= int(line["line"]) <= step.span.end_line)
    numbered = _NUMBERED.fullmatch(wanted)
    if not numbered:
        raise UsageError("bad-step", f"{wanted!r} names no step", hint="4, build.4 (stage and number), or :12 (line)")
    title, number = numbered["stage"] or plan.target.title, int(numbered["number"])
    return _only(plan, wanted, lambda stage, step: stage.title == title.lower() and step.number == number)


def _only(plan: Plan, wanted: str, matches: Callable[[Stage, Step], bool]) -> tuple[Stage, Step]:
    for stage in plan.stages:
        for step in stage.steps:
            if matches(stage, step):
                return stage, step
    known = ", ".join(f"{stage.title}.1-{len(stage.steps)}" for stage in plan.stages if stage.steps)
    raise UsageError("no-such-step", f"the last build has no step {wanted}", hint=f"it has {known or 'none'}")


def _default(plan: Plan, solver: Solver, failures: Sequence[Failed]) -> tuple[Stage, Step]:
    steps = [(stage, step) for stage in plan.stages for step in stage.steps]
    if not steps:
        raise UsageError("no-such-step", "the last build has no step that makes files")
    for failed in failures:
        for stage, step in steps:
            if _is(failed, step) and solver.states[stage.position].taken < step.number:
                return stage, step
    return steps[-1]


def _is(failed: Failed, step: Step) -> bool:
    return (failed.stage, failed.number) == (step.stage, step.number)


def _not_built(stage: Stage, step: Step) -> BuilderError:
    return BuilderError(
        "not-built",
        f"{_title(stage, step)} has not been built, or its record is gone",
        hint="build first, with the same files and options; --before enters what the step found",
        span=step.span,
    )
