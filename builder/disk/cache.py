"""Layers of recorded steps, and blobs that nobody holds any more."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence

from builder.cache.ledger import forget_last_builds
from builder.cache.local import LocalCache
from builder.disk.holdings import Holdings
from builder.disk.types import Item, Kind
from builder.model.digest import Digest
from builder.solve.types import Record
from builder.store.store import Store
from builder.store.trees import Remover

RUNNING = "a running command"
_FORGOTTEN = "needed by nothing"


class Cache:
    """One item per layer, with all records that lead to it, in whatever compression; its id is the diff id."""

    kind = Kind.CACHE

    def __init__(self, store: Store, records: LocalCache, holdings: Holdings, why: str) -> None:
        """`why` is what is noted of a record that goes."""
        self._store = store
        self._records = records
        self._holdings = holdings
        self._why = why
        self._by_layer: dict[Digest, list[Record]] = defaultdict(list)
        for record in holdings.records:
            self._by_layer[record.layer.diff_id].append(record)

    def items(self) -> list[Item]:
        held = self._holdings.held_by_images
        found = [self._layer(diff_id, records, held) for diff_id, records in self._by_layer.items()]
        known = held.union(*map(self._blobs, self._by_layer), *self._holdings.documents.values())
        return [*found, *(self._orphan(blob) for blob in self._holdings.sizes if blob not in known)]

    def _blobs(self, diff_id: Digest) -> set[Digest]:
        named = {descriptor.digest for descriptor in self._store.layers.all_of(diff_id)}
        return named.union(record.layer.descriptor.digest for record in self._by_layer[diff_id])

    def _layer(self, diff_id: Digest, records: list[Record], held: set[Digest]) -> Item:
        blobs = self._blobs(diff_id)
        newest = max(records, key=lambda record: record.created)
        stamp = max((self._holdings.stamps.get(blob, 0) for blob in blobs), default=0)
        return Item(
            self.kind,
            diff_id,
            newest.text,
            self._holdings.bytes_of(blobs - held),
            self._holdings.bytes_of(blobs & held),
            stamp / 1e9,
            RUNNING if stamp >= self._holdings.horizon else "",
            only_all=not blobs.isdisjoint(held),
            order=_number(newest.step),
        )

    def _orphan(self, blob: Digest) -> Item:
        stamp = self._holdings.stamps[blob]
        running = RUNNING if stamp >= self._holdings.horizon else ""
        return Item(self.kind, blob, _FORGOTTEN, self._holdings.sizes[blob], 0, stamp / 1e9, running)

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:  # noqa: ARG002 - blobs go by the sweep
        gone = [record for text in ids for record in self._by_layer.get(Digest(text), ())]
        if gone:
            self._records.prune(gone, self._why, time.time())
            forget_last_builds(self._store, gone)
        return list(ids)


def _number(step: str) -> int:
    """Of a step in its stage: later ones are of no use without the earlier."""
    number = step.rpartition("#")[2]
    return int(number) if number.isdecimal() else 0
