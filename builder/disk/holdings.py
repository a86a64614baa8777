"""Who holds which blob, found out once for all kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from builder.cache.local import LocalCache
from builder.images.origins import Lookup, kept_lookups
from builder.images.uses import Use
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.solve.types import Record
from builder.store.reach import Reach, reach
from builder.store.store import Store


class HeldImage(NamedTuple):
    descriptor: Descriptor
    names: tuple[str, ...]
    holds: Reach


class Holdings(NamedTuple):
    sizes: dict[Digest, int]
    """Of every blob there is, in bytes."""
    stamps: dict[Digest, int]
    """When each was used last, in nanoseconds since 1970."""
    images: tuple[HeldImage, ...]
    uses: tuple[Use, ...]
    used: Reach
    """What containers and mounts hold."""
    records: tuple[Record, ...]
    lookups: dict[str, Lookup]
    """What names meant when their registry was asked last."""
    documents: dict[str, set[Digest]]
    """By the same names: what they hold, layers too where those were fetched."""
    horizon: int
    """What is stamped from then on may be in use by a running process."""

    @property
    def held_by_images(self) -> set[Digest]:
        return self.used.blobs.union(*(image.holds.blobs for image in self.images))

    @property
    def diff_ids_of_images(self) -> set[Digest]:
        return self.used.diff_ids.union(*(image.holds.diff_ids for image in self.images))

    def bytes_of(self, blobs: set[Digest]) -> int:
        return sum(self.sizes.get(blob, 0) for blob in blobs)


def find_holdings(store: Store, records: LocalCache, uses: Sequence[Use], horizon: int) -> Holdings:
    names: dict[Descriptor, list[str]] = {descriptor: [] for descriptor in store.refs.untagged()}
    for name, descriptor in store.refs.items():
        names.setdefault(descriptor, []).append(name)
    stats = store.blobs.stats()
    looked_up = kept_lookups(store)
    return Holdings(
        sizes={digest: status.st_size for digest, status in stats.items()},
        stamps={digest: status.st_mtime_ns for digest, status in stats.items()},
        images=tuple(HeldImage(top, tuple(known), reach(store.blobs, [top])) for top, known in names.items()),
        uses=tuple(uses),
        used=reach(store.blobs, [use.image for use in uses]),
        records=tuple(records.records()),
        lookups=looked_up,
        documents={name: reach(store.blobs, [lookup.descriptor]).blobs for name, lookup in looked_up.items()},
        horizon=horizon,
    )
