"""The composition root: which variants there are, and how the rooms are put together for one command. No logic."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache
from importlib import import_module

from builder.cache.layered import LayeredCache
from builder.cache.local import LocalCache
from builder.images.report import FetchReport
from builder.images.resolve import PullPolicy, StoreResolver
from builder.images.sources.open import Sources
from builder.images.tag import parse_tag
from builder.lean import TYPE_CHECKING
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.outputs.spec import parse_output
from builder.outputs.types import Means, Output, OutputKind, OutputSpec
from builder.pipeline import BuildOptions, BuildResult, Workshop, run_build
from builder.plan.types import Plan, PlanOptions
from builder.steps.kitchen import Kitchen
from builder.steps.runner import LocalStepRunner
from builder.store.store import Store, default_root
from builder.store.trees import Remover, remove_tree

if TYPE_CHECKING:
    from builder.context.buildfile import BuildfileText
    from builder.context.folder import FolderContext
    from builder.images.stored import Image
    from builder.progress.events import Reporter
    from builder.sandbox.worker import Worker

OUTPUTS = {
    "image": ("builder.outputs.store", "StoreOutput"),
    "oci": ("builder.outputs.oci", "OciOutput"),
    "docker": ("builder.outputs.docker", "DockerOutput"),
    "local": ("builder.outputs.local", "LocalOutput"),
    "tar": ("builder.outputs.tar", "TarOutput"),
}
"""Module and class of each `--output type=`; imported when it is used."""


def open_store(root: str | None) -> Store:
    return Store.open(root or default_root(os.environ, os.getuid()))


def cached_layers(store: Store) -> list[Layer]:
    """The layers of recorded steps: they outlive the image, so that building it again is quick."""
    with closing(LocalCache(store)) as records:
        return [record.layer for record in records.records()]


def build(options: BuildOptions, reporter: Reporter) -> BuildResult:
    """One build in the store that the options name."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(options.root))
        return run_build(options, _workshop(options, store, reporter, opened))


def _workshop(options: BuildOptions, store: Store, reporter: Reporter, opened: ExitStack) -> Workshop:
    sources = Sources()
    local = LocalCache(store)
    opened.callback(local.close)
    policy = PullPolicy.ALWAYS if options.pull else PullPolicy.MISSING

    @cache
    def worker() -> Worker:
        from builder.sandbox.worker import Worker

        return opened.enter_context(Worker())

    def runner(plan: Plan, text: BuildfileText) -> LocalStepRunner:
        context = cache(lambda: _context(options, text, store, opened))
        kitchen = Kitchen(
            store=store,
            context=context,
            worker=worker,
            open_source=sources,
            fetching=FetchReport(reporter),
            remove_tree=remover(worker),
            runtime=options.runtime,
            epoch=plan.epoch,
        )
        return LocalStepRunner(plan, kitchen)

    return Workshop(
        store=store,
        resolver=StoreResolver(store, sources, policy),
        plan_options=_plan_options(options),
        cache=lambda ledger: LayeredCache([ledger, local], [local]),
        runner=runner,
        write_outputs=_outputs(options, Means(store, sources, worker)),
        reporter=reporter,
    )


def remover(worker: Callable[[], Worker]) -> Remover:
    """Root removes any tree itself; anyone else needs the worker for files of other users."""
    if os.getuid() == 0:
        return remove_tree

    def remove(path: str) -> None:
        worker().call("remove", {"path": path})

    return remove


def _plan_options(options: BuildOptions) -> PlanOptions:
    host = host_platform()
    wanted = Platform.parse(options.platform, host) if options.platform else host
    return PlanOptions(
        target_platform=wanted,
        build_platform=host,
        build_args=options.build_args,
        target=options.target,
        labels=options.labels,
        epoch=options.epoch,
        platform_given=bool(options.platform),
    )


def host_platform() -> Platform:
    return Platform.parse(os.uname().machine)


def _context(options: BuildOptions, text: BuildfileText, store: Store, opened: ExitStack) -> FolderContext:
    """The build's folder with its ignore rules; what was learnt of its files is kept when the build is over."""
    from builder.context.folder import FolderContext
    from builder.context.ignore import IgnoreRules, find_ignore_file, read_ignore_file
    from builder.context.statindex import StatIndex

    index = StatIndex.load(store.place("contexts", os.path.abspath(options.context)))
    opened.callback(index.save)
    found = find_ignore_file(options.context, text.path)
    rules = IgnoreRules.load(read_ignore_file(found), index, found) if found else None
    return opened.enter_context(closing(FolderContext(options.context, rules, index)))


def _outputs(options: BuildOptions, means: Means) -> Callable[[Image], tuple[str, ...]]:
    """Checks the specs now, before anything is built; the function that it returns writes them all."""
    names = tuple(parse_tag(tag) for tag in options.tags)
    specs = [parse_output(text) for text in options.outputs] if options.outputs else [OutputSpec(OutputKind.IMAGE)]

    def write(image: Image) -> tuple[str, ...]:
        for spec in specs:
            module, name = OUTPUTS[spec.kind]
            output: Output = getattr(import_module(module), name)(spec._replace(names=spec.names or names), means)
            output.write(image)
        return names

    return write
