"""Layers as directories, ready to be mounted, and their tables of contents: made again from blobs when needed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from builder.disk.cache import RUNNING
from builder.disk.holdings import Holdings
from builder.disk.sizes import Sizes
from builder.disk.types import Item, Kind
from builder.model.digest import Digest
from builder.store.removal import remove_unused
from builder.store.store import Store
from builder.store.trees import Remover


class Snapshots:
    kind = Kind.SNAPSHOTS

    def __init__(self, store: Store, holdings: Holdings, sizes: Sizes) -> None:
        self._store = store
        self._holdings = holdings
        self._sizes = sizes

    def items(self) -> list[Item]:
        of_containers = self._holdings.used.diff_ids.union(*(use.snapshots for use in self._holdings.uses))
        of_layers = {record.layer.diff_id for record in self._holdings.records} | self._holdings.diff_ids_of_images
        names = self._names()
        found = []
        for diff_id in sorted({*self._store.snapshots.all(), *self._store.tables.all()}):
            stamp = max(map(_stamp, self._paths(diff_id)))
            in_use = "a container" if diff_id in of_containers else ""
            found.append(
                Item(
                    self.kind,
                    diff_id,
                    names.get(diff_id, ""),
                    sum(self._sizes.of(path) for path in self._paths(diff_id)),
                    used=stamp / 1e9,
                    in_use=in_use or (RUNNING if stamp >= self._holdings.horizon else ""),
                    only_all=diff_id in of_layers,
                )
            )
        return found

    def _paths(self, diff_id: Digest) -> tuple[str, str]:
        return self._store.snapshots.folder(diff_id), self._store.tables.path(diff_id)

    def _names(self) -> dict[Digest, str]:
        names = {record.layer.diff_id: record.text for record in self._holdings.records}
        for image in self._holdings.images:
            names |= dict.fromkeys(image.holds.diff_ids, f"a layer of {image.names[0]}") if image.names else {}
        return names

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        paths = {path: text for text in ids for path in self._paths(Digest(text))}
        gone = remove_unused(self._store, list(paths), self._holdings.horizon, remover)
        self._store.tables.forget()
        return list(dict.fromkeys(paths[path] for path in gone))


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except FileNotFoundError:
        return 0
