"""Plain files and folders of the store that anyone may remove at any time: what is gone is made again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from builder.disk.sizes import tree_size
from builder.disk.types import Item, Kind
from builder.store.removal import remove_unused
from builder.store.store import Store
from builder.store.trees import Remover


def file_items(store: Store, kind: Kind, folders: Iterable[str], name: str, *, only_all: bool) -> list[Item]:
    """One item per file or directory in `folders`, which are below the store's root; its id is its path there."""
    found = []
    for folder in folders:
        place = f"{store.root}/{folder}"
        for entry in sorted(os.listdir(place)) if os.path.isdir(place) else ():
            path = f"{place}/{entry}"
            try:
                status = os.stat(path, follow_symlinks=False)
            except FileNotFoundError:
                continue
            size = tree_size(path)
            found.append(Item(kind, f"{folder}/{entry}", name, size, used=status.st_mtime, only_all=only_all))
    return found


def remove_files(store: Store, ids: Sequence[str], horizon: int, remover: Remover) -> list[str]:
    """Removes what was not used from `horizon` on, in nanoseconds since 1970."""
    paths = {f"{store.root}/{text}": text for text in ids}
    return [paths[path] for path in remove_unused(store, list(paths), horizon, remover)]
