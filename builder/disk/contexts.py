"""What is known of context folders: digests of their files, and files laid out for mounts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from builder.disk.cache import RUNNING
from builder.disk.files import file_items, remove_files
from builder.disk.types import Item, Kind
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_INDEXES, _SHOWN = "contexts", "shown"


class Contexts:
    kind = Kind.CONTEXTS

    def __init__(self, store: Store, now_ns: int) -> None:
        self._store = store
        self._now_ns = now_ns

    def items(self) -> list[Item]:
        indexes = file_items(self._store, self.kind, [_INDEXES], "digests of a folder's files", only_all=True)
        shown = file_items(self._store, self.kind, [_SHOWN], "files laid out for mounts", only_all=False)
        return [*indexes, *map(self._of_its_state, shown)]

    def _of_its_state(self, item: Item) -> Item:
        lock = FileLock(f"{self._store.root}/{item.id}/lock")
        with self._store.presence.moving():  # a build that tried the lock now would think that it is taken
            taken = not lock.exclusive(wait=False)
            lock.release()
        return item._replace(in_use=RUNNING if taken else "")

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        indexes = [text for text in ids if text.startswith(f"{_INDEXES}/")]
        gone = remove_files(self._store, indexes, self._now_ns, remover)
        return [*gone, *(text for text in ids if text.startswith(f"{_SHOWN}/") and self._remove_shown(text, remover))]

    def _remove_shown(self, text: str, remover: Remover) -> bool:
        path, grave = f"{self._store.root}/{text}", self._store.temporary.directory()
        lock = FileLock(f"{path}/lock")
        try:
            with self._store.presence.moving():
                if not os.path.isdir(path) or not lock.exclusive(wait=False):
                    return False
                os.rename(path, f"{grave}/shown")
        finally:
            lock.release()
        remover(grave)
        return True
