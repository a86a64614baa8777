"""Directories of `RUN --mount=type=cache`."""

from __future__ import annotations

from collections.abc import Sequence

from builder.disk.cache import RUNNING
from builder.disk.sizes import Sizes
from builder.disk.types import Item, Kind
from builder.store.cachemounts import all_directories, remove_directory
from builder.store.store import Store
from builder.store.trees import Remover


class Mounts:
    kind = Kind.MOUNTS

    def __init__(self, store: Store, sizes: Sizes) -> None:
        self._store = store
        self._sizes = sizes

    def items(self) -> list[Item]:
        return [
            Item(
                self.kind,
                found.name,
                found.id,
                self._sizes.of(found.path, str(found.used)),
                used=found.used,
                in_use=RUNNING if found.is_taken else "",
            )
            for found in all_directories(self._store)
        ]

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        return [name for name in ids if remove_directory(self._store, name, remover)]
