"""What is remembered of builds: plans, derived digests, lists of copied files, records of the last build of each
Buildfile, and the files of steps that failed."""

from __future__ import annotations

from collections.abc import Sequence

from builder.disk.files import file_items, remove_files
from builder.disk.types import Item, Kind
from builder.store.store import Store
from builder.store.trees import Remover

_FOLDERS = {
    "plans": "plan",
    "cache/digests": "derived digest",
    "cache/listings": "list of copied files",
    "builds": "last build of a Buildfile",
    "damaged": "set aside by a repair",
}
_FAILED = ".failed"


class Plans:
    kind = Kind.PLANS

    def __init__(self, store: Store, horizon: int) -> None:
        self._store = store
        self._horizon = horizon

    def items(self) -> list[Item]:
        items = [
            item
            for folder, name in _FOLDERS.items()
            for item in file_items(self._store, self.kind, [folder], name, only_all=True)
        ]
        return [
            item._replace(name="files of a failed step", only_all=False) if item.id.endswith(_FAILED) else item
            for item in items
        ]

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        return remove_files(self._store, ids, self._horizon, remover)
