"""What was fetched: files of URLs, git repositories, and what registries said of base images."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress

from builder.disk.cache import RUNNING
from builder.disk.files import file_items, remove_files
from builder.disk.holdings import Holdings
from builder.disk.types import Item, Kind
from builder.images.origins import forget_blobs, forget_lookup
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_FILES, _KNOWN, _GIT = "cache/http/files", "cache/http/known", "cache/git"
_NAME = "name:"


class Downloads:
    """Repositories have no names here: what is kept of their addresses is a hash."""

    kind = Kind.DOWNLOADS

    def __init__(self, store: Store, holdings: Holdings) -> None:
        self._store = store
        self._holdings = holdings

    def items(self) -> list[Item]:
        files = file_items(self._store, self.kind, [_FILES], "file of a URL", only_all=False)
        repositories = file_items(self._store, self.kind, [_GIT], "git repository", only_all=False)
        return [
            *(self._unless_running(item) for item in files),
            *(self._unless_locked(item) for item in repositories if item.id.endswith(".git")),
            *self._bases(),
        ]

    def _unless_running(self, item: Item) -> Item:
        return item._replace(in_use=RUNNING if item.used * 1e9 >= self._holdings.horizon else "")

    def _unless_locked(self, item: Item) -> Item:
        lock = self._lock(item.id)
        taken = not lock.exclusive(wait=False)
        lock.release()
        return item._replace(in_use=RUNNING if taken else "")

    def _bases(self) -> list[Item]:
        held = self._holdings.held_by_images.union(record.layer.descriptor.digest for record in self._holdings.records)
        found = []
        for name, lookup in self._holdings.lookups.items():
            blobs = self._holdings.documents[name]
            own, shared = self._holdings.bytes_of(blobs - held), self._holdings.bytes_of(blobs & held)
            held |= blobs  # two names may mean the same
            stamp = self._holdings.stamps.get(lookup.descriptor.digest, 0)
            running = RUNNING if stamp >= self._holdings.horizon else ""
            found.append(Item(self.kind, _NAME + name, name, own, shared, stamp / 1e9, running))
        return found

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        names = [text for text in ids if text.startswith(_NAME)]
        for text in names:
            forget_lookup(self._store, text.removeprefix(_NAME))
        forget_blobs(self._store)
        files = [text for text in ids if text.startswith(f"{_FILES}/")]
        gone = remove_files(self._store, files, self._holdings.horizon, remover)
        self._forget_urls()
        repositories = [text for text in ids if text.startswith(f"{_GIT}/") and self._remove_repository(text, remover)]
        return [*names, *gone, *repositories]

    def _remove_repository(self, text: str, remover: Remover) -> bool:
        lock, grave = self._lock(text), self._store.temporary.directory()
        try:
            if not lock.exclusive(wait=False):
                return False
            with suppress(FileNotFoundError):
                os.rename(f"{self._store.root}/{text}", f"{grave}/git")
        finally:
            lock.release()
        remover(grave)
        return True

    def _lock(self, text: str) -> FileLock:
        return FileLock(f"{self._store.root}/{text.removesuffix('.git')}.lock")

    def _forget_urls(self) -> None:
        """What is known of URLs whose file is gone."""
        known, files = f"{self._store.root}/{_KNOWN}", f"{self._store.root}/{_FILES}"
        for entry in os.listdir(known) if os.path.isdir(known) else ():
            with suppress(OSError, ValueError, TypeError, KeyError):
                with open(f"{known}/{entry}", "rb") as file:
                    digest = str(json.load(file)["digest"])
                if not os.path.exists(f"{files}/{os.path.basename(digest)}"):
                    os.unlink(f"{known}/{entry}")
