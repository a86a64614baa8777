"""What most commands do without: the worker, registries, what outputs work with."""

from __future__ import annotations

import os
from functools import cached_property

from builder.lean import TYPE_CHECKING
from builder.outputs.types import Means

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from builder.context.buildfile import BuildfileText
    from builder.images.push import Route
    from builder.images.report import FetchReport
    from builder.images.sources.open import Sources
    from builder.images.sources.types import Source
    from builder.model.digest import Digest
    from builder.progress.events import Reporter
    from builder.registry.access import Access
    from builder.sandbox.worker import Worker
    from builder.store.store import Store
    from builder.store.trees import Remover


class OnDemand:
    """What most builds do without: each is made when it is first asked for, and the same one is given afterwards."""

    def __init__(self, store: Store, reporter: Reporter, opened: ExitStack, insecure: tuple[str, ...] = ()) -> None:
        self._store = store
        self._reporter = reporter
        self._opened = opened
        self._insecure = insecure

    def allow_insecure(self, registries: tuple[str, ...]) -> None:
        """They may be spoken to by plain http, beside those of the configuration. Before the first is spoken to."""
        self._insecure += registries

    def worker(self) -> Worker:
        return self._worker

    def foresee(self, text: BuildfileText) -> None:
        if b"RUN" in text.data.upper():
            self._worker.start()

    def open_source(self, origin: str) -> Source:
        return self._sources(origin)

    def fetching(self, digest: Digest, done: int, total: int) -> None:
        self._fetch_report(digest, done, total)

    @cached_property
    def _worker(self) -> Worker:
        from builder.sandbox.worker import Worker

        return self._opened.enter_context(Worker())

    @cached_property
    def _sources(self) -> Sources:
        from builder.images.sources.open import Sources

        return Sources(lambda domain: self._fetching.puller(domain))  # noqa: PLW0108 - made when one is asked for

    def stop_fetching(self) -> None:
        """What is pushed meanwhile goes on: it has connections of its own."""
        if "_fetching" in self.__dict__:
            self._fetching.transport.abort()

    @cached_property
    def _fetching(self) -> Access:
        return self._new_access(self._fetch_report)

    @cached_property
    def _pushing(self) -> Access:
        return self._new_access(self._push_report)

    def _new_access(self, report: FetchReport) -> Access:
        from builder.wiring.registries import registry_access

        access = registry_access(self._insecure)
        self._opened.callback(access.close)
        self._opened.enter_context(access.transport.waits.told_to(report.wait))
        return access

    def route(self) -> Route:
        from builder.images.push import Route

        return Route(self._store, self.open_source, lambda: self._pushing, self._push_report)

    def means(self) -> Means:
        """What outputs work with."""
        return Means(self._store, self.open_source, self.worker, self.route)

    @cached_property
    def _fetch_report(self) -> FetchReport:
        from builder.images.report import FetchReport

        return FetchReport(self._reporter)

    @cached_property
    def _push_report(self) -> FetchReport:
        from builder.images.report import FetchReport

        return FetchReport(self._reporter, "push")


def means_of(store: Store, opened: ExitStack) -> Means:
    """What outputs of images that are in the store already work with."""
    from builder.progress.silent import SilentReporter

    return OnDemand(store, SilentReporter(), opened).means()


def remover(worker: Callable[[], Worker]) -> Remover:
    """Root removes any tree itself; anyone else needs the worker for files of other users."""

    def remove(path: str) -> None:
        if os.getuid() == 0:
            from builder.store.trees import remove_tree

            remove_tree(path)
        else:
            worker().call("remove", {"path": path})

    return remove
