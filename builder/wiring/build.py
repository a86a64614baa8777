"""One build, put together: which caches, contexts, runner and outputs its options mean."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from builder.cache.layered import LayeredCache
from builder.cache.local import LocalCache
from builder.cache.memo import Derived, digest_memo
from builder.context.opened import OpenContexts, Places
from builder.images.claims import Claims, said_by_image
from builder.images.resolve import PullPolicy, StoreResolver
from builder.lean import TYPE_CHECKING
from builder.model.platform import Platform, host_platform
from builder.pipeline.build import BuildOptions, BuildResult, Workshop, begin_recording, run_build
from builder.plan.types import NamedContext, Plan, PlanOptions, RemoteSource
from builder.steps.kitchen import Kitchen
from builder.steps.runner import LocalStepRunner
from builder.wiring.on_demand import OnDemand, remover
from builder.wiring.outputs import export_files, output_writer
from builder.wiring.store import image_uses, open_store

if TYPE_CHECKING:
    from builder.cache.ledger import Ledger
    from builder.cache.remote.exchange import Exchange
    from builder.context.origin import Origin
    from builder.progress.events import Reporter
    from builder.solve.types import CacheBackend
    from builder.store.store import Store


def build(options: BuildOptions, reporter: Reporter) -> BuildResult:
    """One build in the store that the options name."""
    with ExitStack() as opened:
        store = opened.enter_context(open_store(options.root))
        recording = begin_recording(options, store, reporter)
        return run_build(options, workshop(options, store, recording, opened), recording)


def _tidy(store: Store, reporter: Reporter, something_ran: bool) -> None:
    """After builds that only hit once a day."""
    if something_ran or not store.presence.is_younger(f"{store.folder('cache')}/policy", 24 * 3600):
        from builder.disk.policy import apply_policy
        from builder.sandbox.remover import any_remover

        with any_remover() as remove:
            apply_policy(store, lambda: image_uses(store), remove, reporter)


def failed_place(store: Store, project: str) -> str:
    """Where the files of the RUNs that failed in the last build of this Buildfile are."""
    return f"{store.place('builds', project)}.failed"


def workshop(options: BuildOptions, store: Store, reporter: Reporter, opened: ExitStack) -> Workshop:
    tools = OnDemand(store, reporter, opened, options.insecure_registries)
    local = LocalCache(store)
    opened.callback(local.close)
    policy = PullPolicy.ALWAYS if options.pull else PullPolicy.MISSING

    exchange = _exchange(options, store, tools, reporter, opened)
    derived = Derived(digest_memo(store), exchange.derived if exchange else lambda _: None)
    claims = _claims(store, tools, exchange, reporter)
    means = tools.means()._replace(check=claims.check)
    secret, agent = _secrets(options, store, opened)
    origins = _origins(options)
    contexts = OpenContexts(options.context, options.file, origins, _places(options, store, secret, agent), opened)

    def runner(plan: Plan, project: str) -> LocalStepRunner:
        kitchen = Kitchen(
            store=store,
            context=contexts,
            worker=tools.worker,
            open_source=tools.open_source,
            claims=claims,
            fetching=tools.fetching,
            stop_fetching=tools.stop_fetching,
            remove_tree=remover(tools.worker),
            derived=derived,
            mount_archive=exchange.mount if exchange else lambda _: None,
            host=host_platform(),
            secret=secret,
            agent=agent,
            opened=opened,
            project=os.path.abspath(options.context) if os.path.isdir(options.context) else "",
            runtime=options.runtime,
            epoch=plan.epoch,
            failed=failed_place(store, project),
        )
        return LocalStepRunner(plan, kitchen)

    return Workshop(
        store=store,
        resolver=StoreResolver(store, tools.open_source, policy),
        plan_options=_plan_options(options, origins),
        buildfile=contexts.buildfile,
        cache=_caches(local, exchange),
        exchange=exchange,
        claims=claims,
        derived=derived,
        records=local,
        runner=runner,
        write_outputs=output_writer(options, _platforms(options), means, tools.allow_insecure),
        export=lambda image, dest: export_files(image, dest, means),
        tidy=lambda something_ran: _tidy(store, reporter, something_ran),
        foresee=tools.foresee,
        reporter=reporter,
        remote_time=_remote_time(store, secret, agent),
    )


def _places(
    options: BuildOptions, store: Store, secret: Callable[[str], bytes | None], agent: Callable[[str], str | None]
) -> Places:
    return Places(
        lambda folder: store.place("contexts", folder),
        store.folder("tmp"),
        store.temporary.directory,
        store.folder("cache"),
        secret,
        agent,
        store.presence.keep,
        dict(options.build_args).get("BUILDKIT_CONTEXT_KEEP_GIT_DIR", ""),
    )


def _caches(local: LocalCache, exchange: Exchange | None) -> Callable[[Ledger, Plan], CacheBackend]:
    if exchange is None:
        return lambda ledger, _: LayeredCache([ledger, local], [local])
    return lambda ledger, plan: exchange.around([ledger, local], local, plan)


def _claims(store: Store, tools: OnDemand, exchange: Exchange | None, reporter: Reporter) -> Claims:
    def warn(message: str) -> None:
        from builder.progress.events import WarningRaised

        reporter.emit(WarningRaised(time.time(), "TableOfContents", message))

    image = said_by_image(store, tools.open_source)
    return Claims(store, [image, exchange.tables] if exchange else [image], warn)


def _exchange(
    options: BuildOptions, store: Store, tools: OnDemand, reporter: Reporter, opened: ExitStack
) -> Exchange | None:
    if not (options.cache_from or options.cache_to):
        return None
    from builder.cache.remote.open import open_exchange
    from builder.steps.caches import pack_mounts

    exchange = open_exchange(
        options.cache_from, options.cache_to, tools.route(), reporter, lambda ids: pack_mounts(store, tools.worker, ids)
    )
    opened.callback(exchange.stop)
    return exchange


def _platforms(options: BuildOptions) -> list[Platform]:
    """Each once, in the order that was asked for."""
    host = host_platform()
    asked = [Platform.parse(word, host) for word in options.platform.split(",")] if options.platform else [host]
    return list(dict.fromkeys(asked))


def _plan_options(options: BuildOptions, origins: Mapping[str, Origin]) -> tuple[PlanOptions, ...]:
    return tuple(_options_for(platform, options, origins) for platform in _platforms(options))


def _options_for(platform: Platform, options: BuildOptions, origins: Mapping[str, Origin]) -> PlanOptions:
    return PlanOptions(
        target_platform=platform,
        build_platform=host_platform(),
        build_args=options.build_args,
        target=options.target,
        labels=options.labels,
        epoch=options.epoch,
        platform_given=bool(options.platform),
        surroundings=options.surroundings,
        contexts=tuple(
            NamedContext(name, origin.place if origin.kind == "image" else "") for name, origin in origins.items()
        ),
        remote_contexts=_remote_contexts(options, origins),
    )


def _remote_contexts(options: BuildOptions, origins: Mapping[str, Origin]) -> tuple[tuple[str, RemoteSource], ...]:
    places = {name: origin.place for name, origin in origins.items() if origin.kind in ("git", "url")}
    if ":" in options.context and not os.path.exists(options.context):
        places[""] = options.context
    if not places:
        return ()
    from builder.steps.remote import remote_source

    return tuple((name, source) for name, place in places.items() if (source := remote_source(place)))


def _remote_time(
    store: Store, secret: Callable[[str], bytes | None], agent: Callable[[str], str | None]
) -> Callable[[RemoteSource], int | None]:
    """When a source elsewhere was last changed, asked only where a build names it as its SOURCE_DATE_EPOCH."""

    def time_of(source: RemoteSource) -> int | None:
        from builder.steps.remote_time import RemoteTimes

        return RemoteTimes(store.folder("cache"), secret, agent("default") or "", store.presence.keep)(source)

    return time_of


def _secrets(
    options: BuildOptions, store: Store, opened: ExitStack
) -> tuple[Callable[[str], bytes | None], Callable[[str], str | None]]:
    """How steps get secrets and agents. What was said of them is checked now, before anything is built."""
    if not (options.secrets or options.ssh):
        return lambda _: None, lambda _: None
    from builder.steps.agents import Agents
    from builder.steps.secrets import Secrets

    agents = Agents(options.ssh, os.environ, store.temporary.directory, opened)
    return Secrets(options.secrets, os.environ).value, agents.socket


def _origins(options: BuildOptions) -> dict[str, Origin]:
    """Where each named context is."""
    if not options.build_contexts:
        return {}
    from builder.context.origin import named_origins

    return named_origins(options.build_contexts)
