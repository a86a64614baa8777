"""The line of the design, in order: Buildfile -> plan -> solve -> image -> outputs.

Collaborators arrive in a `Workshop`, which `wiring` puts together; this module only knows what happens after what.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from builder.builds.recording import Asked, Made, Recording
from builder.cache.ledger import Ledger
from builder.context.buildfile import BuildfileText
from builder.errors import BuilderError, BuildfileError, StepError, UsageError
from builder.images.assemble import Ingredients, assemble
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.canonical import canonical
from builder.pipeline.planning import PlanRequest, Watcher, ignore_file, kept_plan
from builder.plan.types import Plan, PlanOptions, Remark, Surroundings
from builder.progress.events import BuildFinished, Reporter, WarningRaised
from builder.solve.solver import SolveOptions, Solver
from builder.solve.types import Decision, Past, Solution

if TYPE_CHECKING:
    from typing import Any

    from builder.cache.local import LocalCache
    from builder.cache.memo import Derived
    from builder.cache.remote.exchange import Exchange
    from builder.images.claims import Claims
    from builder.images.index import Built
    from builder.images.resolve import StoreResolver
    from builder.images.stored import Image
    from builder.plan.types import RemoteSource
    from builder.solve.types import CacheBackend
    from builder.steps.runner import LocalStepRunner
    from builder.store.store import Store


class BuildOptions(NamedTuple):
    """What can be asked of a build; each member is a flag of `pybuild build`."""

    context: str = "."
    """A folder, a tar archive, or `-`: either of them, or a Buildfile, on standard input."""
    file: str | None = None
    tags: tuple[str, ...] = ()
    build_args: tuple[tuple[str, str], ...] = ()
    target: str = ""
    platform: str = ""
    """One or several, separated by commas; empty is this machine's."""
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[str, ...] = ()
    """`[TYPE[PLATFORM],...:]KEY=VALUE`, as written."""
    pull: bool = False
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    iidfile: str | None = None
    metadata_file: str | None = None
    runtime: str = "native"
    root: str | None = None
    epoch: int | None = None
    """SOURCE_DATE_EPOCH in seconds."""
    surroundings: Surroundings = Surroundings()
    secrets: tuple[str, ...] = ()
    """`id=NAME[,src=FILE|env=VARIABLE]`, as written: never a value."""
    ssh: tuple[str, ...] = ()
    """`ID[=SOCKET|KEY,...]`, as written."""
    build_contexts: tuple[tuple[str, str], ...] = ()
    """Name and place of each named context, as they were written."""
    push: bool = False
    insecure_registries: tuple[str, ...] = ()
    """`HOST[:PORT]` of registries that may be spoken to by plain http."""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    """Caches elsewhere, as written."""
    explain: bool = False
    """Each hit is told with what it was taken from."""


def keep_options(store: Store, project: str, options: BuildOptions) -> None:
    """Afterwards `kept_options` knows with what this Buildfile was built last. No write when that is so already."""
    path = _options_path(store, project)
    data = canonical(options._asdict())
    with suppress(FileNotFoundError), open(path, "rb") as file:
        if file.read(len(data) + 1) == data:
            return
    store.temporary.write(path, data)


def kept_options(store: Store, project: str) -> BuildOptions | None:
    """What the last build of this Buildfile was asked for; None where there was none, or an older pybuild made it."""
    import json

    try:
        with open(_options_path(store, project), "rb") as file:
            value = json.load(file)
        options = BuildOptions(**{name: _frozen(item) for name, item in value.items()})
        return options._replace(surroundings=Surroundings(*options.surroundings))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _options_path(store: Store, project: str) -> str:
    return f"{store.place('builds', project)}.options"


def _frozen(value: object) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


class BuildResult(NamedTuple):
    image_id: str
    """Digest of the image's configuration."""
    digest: str
    """Digest of the image's manifest."""
    names: tuple[str, ...]
    size: int
    """Bytes of all layer blobs."""
    steps: int
    cached: int
    seconds: float
    decisions: tuple[Decision, ...]
    build: str
    """Its id in the history of builds."""

    def to_json(self) -> dict[str, object]:
        return self._asdict() | {
            "names": list(self.names),
            "decisions": [decision.to_json() for decision in self.decisions],
        }


class Layered(NamedTuple):
    image: Image
    inherited: int
    """How many of its layers are the base image's."""


class Written(NamedTuple):
    names: tuple[str, ...]
    """Of the image."""
    image: Built
    """In the form that the first output wanted."""


class Workshop(NamedTuple):
    """The collaborators of one build."""

    store: Store
    resolver: StoreResolver
    plan_options: tuple[PlanOptions, ...]
    """One for each platform."""
    buildfile: Callable[[], BuildfileText]
    """Reads it, once."""
    cache: Callable[[Ledger, Plan], CacheBackend]
    """From the records of the last build of this file to all that is known."""
    exchange: Exchange | None
    """The caches elsewhere; None where there are none."""
    claims: Claims
    """What is said of layers that are not here."""
    derived: Derived
    records: LocalCache
    """Those of this machine alone."""
    runner: Callable[[Plan, str], LocalStepRunner]
    """For a plan and the project, which is its Buildfile's path."""
    write_outputs: Callable[[tuple[Layered, ...]], Written]
    """Writes every output that was asked for, from one image for each platform."""
    export: Callable[[Image, str], None]
    """Writes the image's files into a folder, or a tar where the path ends so."""
    tidy: Callable[[bool], None]
    """Called at the end; says whether a step ran. Keeps the store to what the user wants kept."""
    foresee: Callable[[BuildfileText], None]
    """Called when a Buildfile is new: starts what its steps will need, so that it is ready when they come."""
    reporter: Reporter
    remote_time: Callable[[RemoteSource], int | None]
    """When what a SOURCE_DATE_EPOCH names was made."""


class _Built(NamedTuple):
    image: Built
    names: tuple[str, ...]
    solution: Solution


def begin_recording(options: BuildOptions, store: Store, reporter: Reporter) -> Recording:
    """What `run_build` tells what happens; a Reporter that passes it on."""

    def secrets() -> tuple[bytes, ...]:
        if not options.secrets:
            return ()
        from builder.steps.secrets import Secrets

        return Secrets(options.secrets, os.environ).words()

    return Recording(store, reporter, secrets)


def run_build(options: BuildOptions, shop: Workshop, recording: Recording) -> BuildResult:
    """Builds. The last event is always BuildFinished, with the error if there was one."""
    started = recording.started
    try:
        built = _build(options, shop, recording)
    except BaseException as error:
        recording.end(None, error)
        message = str(error).partition("\n")[0] if isinstance(error, BuilderError) else type(error).__name__
        now = time.time()
        shop.reporter.emit(BuildFinished(now, now - started, steps=0, cached=0, error=message, build=recording.id))
        raise
    now = time.time()
    decisions = built.solution.decisions
    result = BuildResult(
        image_id=str(built.image.id),
        digest=str(built.image.descriptor.digest),
        names=built.names,
        size=built.image.size_bytes,
        steps=len(decisions),
        cached=sum(decision.record is not None for decision in decisions),
        seconds=round(now - started, 3),
        decisions=decisions,
        build=recording.id,
    )
    recording.end(Made(result.image_id, result.digest, result.names, result.size))
    shop.reporter.emit(
        BuildFinished(
            now,
            result.seconds,
            result.steps,
            result.cached,
            result.image_id,
            result.size,
            result.names,
            build=result.build,
        )
    )
    return result


def _build(options: BuildOptions, shop: Workshop, recording: Recording) -> _Built:
    text = shop.buildfile()
    recording.begin(_asked(options, text, shop.plan_options))
    plan = plan_build(options, text, shop)
    for layer in (layer for image in plan.images for layer in image.layers):
        shop.store.blobs.has(layer.descriptor.digest)  # what is there stays, should its image be removed meanwhile
    keep_options(shop.store, text.path, options)
    try:
        return _carry_out(options, text, plan, shop, recording)
    except BuilderError as error:
        if not _can_go_without(error, shop):
            raise
    shop.claims.forget()
    return _carry_out(options, text, plan, shop, recording)


def _can_go_without(error: BuilderError, shop: Workshop) -> bool:
    """Whether a cache elsewhere may be at fault, and is left out from now on, or what somebody has said of a layer."""
    were_false = shop.claims.were_false()
    may_be_the_cache = were_false or not isinstance(error, StepError | BuildfileError | UsageError)
    is_left_out = shop.exchange is not None and may_be_the_cache and shop.exchange.leave_out_faulty()
    return were_false or is_left_out


def _carry_out(options: BuildOptions, text: BuildfileText, plan: Plan, shop: Workshop, recording: Recording) -> _Built:
    ledger = Ledger.load(shop.store.place("builds", text.path), shop.store)
    runner = shop.runner(plan, text.path)
    solver = Solver(
        plan,
        runner,
        shop.cache(ledger, plan),
        shop.reporter,
        SolveOptions(
            build_id=recording.id,
            project=text.path,
            no_cache=uncached(options, plan, shop.reporter),
            epoch=plan.epoch,
            explain=options.explain,
            run_new_first=shop.exchange is None,
        ),
        past_of(shop, text.path),
    )
    recording.follow(plan, solver)
    solution = solver.solve()
    shop.claims.check()
    runner.forget_failure()
    names, image = shop.write_outputs(_assembled(plan, solution, shop))
    ledger.save(solution.records)
    _write_files(options, image, names, recording.id)
    if shop.exchange is not None:
        results = {stage.full_title: solution.results[stage.position].layers for stage in plan.stages}
        shop.exchange.finish(solution.records, shop.derived.used, results)
    shop.tidy(any(decision.record is None for decision in solution.decisions))
    return _Built(image, names, solution)


def past_of(shop: Workshop, project: str) -> Callable[[], Past]:
    """What explains misses, made when a step misses."""

    def past() -> Past:
        from builder.builds.past import History

        return History(shop.store, project, shop.records, shop.exchange.imports if shop.exchange else ())

    return past


def _asked(options: BuildOptions, text: BuildfileText, plans: tuple[PlanOptions, ...]) -> Asked:
    """For the record; without the passwords of URLs."""
    context = os.path.abspath(options.context) if os.path.exists(options.context) else _shown(options.context)
    told = ("context", "file", "target", "platform", "root")
    defaults = BuildOptions._field_defaults
    rest = {name: value for name, value in options._asdict().items() if name not in told and value != defaults[name]}
    if options.build_args:
        from builder.model.secret_names import sounds_secret

        hidden = [(name, "(not shown)" if sounds_secret(name) else value) for name, value in options.build_args]
        rest["build_args"] = tuple(hidden)
    if options.build_contexts:
        rest["build_contexts"] = [(name, _shown(place)) for name, place in options.build_contexts]
    platforms = tuple(str(wanted.target_platform) for wanted in plans)
    return Asked(text.path, context, options.target, platforms, rest)


def _shown(place: str) -> str:
    if "://" not in place:
        return place
    from builder.context.weblink import shown

    return shown(place)


def plan_build(options: BuildOptions, text: BuildfileText, shop: Workshop) -> Plan:
    """What is to be done, for all platforms together. Of several the first tells the warnings, as in BuildKit."""
    ignore = ignore_file(options.context, text)
    plans: list[Plan] = []
    for wanted in shop.plan_options:
        watcher = Watcher(lambda: shop.foresee(text), None if plans else partial(_warn, shop.reporter))
        plans.append(kept_plan(PlanRequest(text, wanted, ignore), shop.store, shop.resolver, watcher, shop.remote_time))
    if len(plans) == 1:
        return plans[0]
    from builder.plan.combine import combine

    return combine(plans, [options.target_platform for options in shop.plan_options])


def _warn(reporter: Reporter, remark: Remark) -> None:
    place = remark.span
    reporter.emit(WarningRaised(time.time(), remark.rule, remark.message, place.file, place.line))


def _write_files(options: BuildOptions, image: Built, names: tuple[str, ...], build_id: str) -> None:
    if options.iidfile:
        from builder.outputs.metadata import write_iidfile

        write_iidfile(options.iidfile, image)
    if options.metadata_file:
        from builder.outputs.metadata import write_metadata_file

        write_metadata_file(options.metadata_file, image, names, build_id)


def uncached(options: BuildOptions, plan: Plan, reporter: Reporter) -> frozenset[str] | None:
    """Titles of the stages whose steps are not looked up; a name that no stage of the build has is worth a warning."""
    if options.no_cache:
        return None
    titles = {stage.title for stage in plan.stages}
    asked = frozenset(name.lower() for name in options.no_cache_filter)
    for name in sorted(asked - titles):
        message = f"--no-cache-filter {name}: no stage of this name takes part in this build"
        reporter.emit(WarningRaised(time.time(), "NoSuchStage", message))
    return asked


def _assembled(plan: Plan, solution: Solution, shop: Workshop) -> tuple[Layered, ...]:
    images = []
    for target in plan.results:
        result = solution.results[target.position]
        config = target.config
        if shop.exchange is not None:
            made = [record for record in solution.records if record.layer in result.layers]
            config = shop.exchange.configured(config, made, plan.epoch)
        parts = Ingredients(config, target.history, result.layers, result.created, plan.epoch)
        images.append(Layered(assemble(shop.store, parts), len(target.config.diff_ids)))
    return tuple(images)
