"""Records of builds, with their logs."""

from __future__ import annotations

from collections.abc import Sequence

from builder.disk.files import file_items, remove_files
from builder.disk.types import Item, Kind
from builder.store.store import Store
from builder.store.trees import Remover


class History:
    kind = Kind.HISTORY

    def __init__(self, store: Store, horizon: int) -> None:
        self._store = store
        self._horizon = horizon

    def items(self) -> list[Item]:
        return file_items(self._store, self.kind, ["history"], "a build", only_all=False)

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        return remove_files(self._store, ids, self._horizon, remover)
