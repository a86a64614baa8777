"""The caches elsewhere that one build reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from builder.cache.layered import Asked, LayeredCache
from builder.cache.local import LocalCache
from builder.cache.remote import inline
from builder.cache.remote.document import TABLE_TYPE, SentTable, step_name
from builder.cache.remote.exporter import Exporter
from builder.cache.remote.imported import ImportedCache
from builder.errors import BuilderError
from builder.images.claims import Offer
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Chain, Layer, Tail
from builder.plan.types import Plan, SourceKind
from builder.solve.types import Record
from builder.store.store import Store


class Selection:
    """Which records a cache is given: with `whole` all of them, else those that made the images. Until the plan is
    known, none is wanted."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._titles: frozenset[str] = frozenset()

    def __call__(self, record: Record) -> bool:
        return self.stage(step_name(record.step).split("#")[1])

    def stage(self, title: str) -> bool:
        """Whether the steps of the stage with this full title are wanted."""
        return self._whole or title in self._titles

    def begin(self, plan: Plan) -> None:
        self._titles = frozenset(_titles_of_images(plan))


def _titles_of_images(plan: Plan) -> Iterable[str]:
    """Of the stages that the images are made of: each target, and what it is built FROM."""
    by_position = {stage.position: stage for stage in plan.stages}
    for target in plan.results:
        stage = target
        yield stage.full_title
        while stage.base.kind is SourceKind.STAGE:
            stage = by_position[stage.base.stage]
            yield stage.full_title


class Exporting(NamedTuple):
    """One `--cache-to` with what it was asked for."""

    exporter: Exporter
    wanted: Selection
    may_fail: bool
    mounts: tuple[str, ...]


class Exchange:
    def __init__(
        self,
        imports: Sequence[ImportedCache],
        exports: Sequence[Exporting],
        store: Store,
        *,
        is_inline: bool,
        warn: Callable[[str], None],
        pack_mounts: Callable[[Sequence[str]], Mapping[str, Layer]],
    ) -> None:
        """`pack_mounts` makes archives of the cache mounts that have these ids."""
        self._imports = tuple(imports)
        self._exports = tuple(exports)
        self._store = store
        self._is_inline = is_inline
        self._warn = warn
        self._pack_mounts = pack_mounts

    @property
    def imports(self) -> tuple[ImportedCache, ...]:
        return self._imports

    def around(self, own: Sequence[Asked], local: LocalCache, plan: Plan) -> LayeredCache:
        """A cache that asks `own` first; what is kept goes to `local`, and its layer on its way."""
        for export in self._exports:
            export.wanted.begin(plan)
        return LayeredCache([*own, *self._imports], [local, *(export.exporter for export in self._exports)])

    def derived(self, key: str) -> str | None:
        """A digest that one of the caches has worked out; holds for this build only."""
        return next((text for cache in self._imports if (text := cache.derived(key)) is not None), None)

    def tables(self, layer: Layer) -> Iterable[Offer]:
        """What the caches say that a layer holds."""
        return filter(None, (cache.contents(layer.diff_id) for cache in self._imports))

    def mount(self, identity: str) -> Layer | None:
        """What a new cache mount begins with."""
        return next((found for cache in self._imports if (found := cache.mount(identity)) is not None), None)

    def leave_out_faulty(self) -> bool:
        """Whether a cache is left out from now on, since a layer that it gave out is not to be had as it should be."""
        faulty = False
        for cache in self._imports:
            fault = cache.fault()
            if fault is not None:
                self._warn(f"the cache {cache.place.name} is not used: {fault.message}")
                cache.leave_out()
                faulty = True
        return faulty

    def configured(self, config: ImageConfig, records: Iterable[Record], epoch: int | None) -> ImageConfig:
        """The configuration of an image whose layers these records made."""
        if self._is_inline:
            return inline.with_records(config, records, epoch)
        return inline.without_records(config)

    def finish(self, records: Sequence[Record], derived: Mapping[str, str], results: Mapping[str, Chain]) -> None:
        """Every `--cache-to` holds what the build has made; `results` are the layers of its stages, by full title.
        Raises the first failure of one that may not fail, when all have been tried."""
        failures: list[BuilderError] = []
        for export in self._exports:
            try:
                mounts = self._pack_mounts(export.mounts) if export.mounts else {}
                chains = [results[title] for title in results if export.wanted.stage(title)]
                tables = self._tables(layer for chain in chains for layer in chain)
                export.exporter.finish(records, derived, mounts, tables)
            except BuilderError as error:
                if not export.may_fail:
                    failures.append(error)
                self._warn(f"the cache {export.exporter.target.name} was not written: {error.message}")
        if failures:
            raise failures[0]

    def _tables(self, layers: Iterable[Layer]) -> dict[str, SentTable]:
        """What is known here, or else what the caches say: where one cache fills another, nothing is lost. Layers whose
        blobs carry their tables need none."""
        found = {str(layer.diff_id): self._table(layer.diff_id) for layer in layers if not Tail.of(layer.descriptor)}
        return {diff_id: sent for diff_id, sent in found.items() if sent is not None}

    def _table(self, diff_id: Digest) -> SentTable | None:
        if not self._store.tables.has(diff_id):
            return next((sent for cache in self._imports if (sent := cache.passed_on(diff_id))), None)
        from builder.layers.claimed import pack_table

        text = self._store.tables.text(diff_id)
        packed = pack_table(text)
        if not packed:
            return None
        return SentTable(Descriptor(TABLE_TYPE, Digest.of(packed), len(packed)), Digest.of(text), packed)

    def stop(self) -> None:
        """Nothing is sent any more. Safe to repeat."""
        for export in self._exports:
            export.exporter.stop()
