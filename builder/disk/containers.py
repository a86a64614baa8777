"""Containers, with all that they have written."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

from builder.containers.records import all_containers, folder_of, state_of
from builder.containers.remove import remove_stopped
from builder.containers.types import Container
from builder.disk.sizes import tree_size
from builder.disk.types import Item, Kind
from builder.store.store import Store
from builder.store.trees import Remover


class Containers:
    kind = Kind.CONTAINERS

    def __init__(self, store: Store, horizon: int, without: Collection[str]) -> None:
        """`without` are names of containers that count as gone."""
        self._store = store
        self._horizon = horizon
        self._containers = {one.id: one for one in all_containers(store) if one.name not in without}

    def items(self) -> list[Item]:
        found = [self._item(container) for container in self._containers.values()]
        return [item for item in found if item.size]

    def _item(self, container: Container) -> Item:
        folder = folder_of(self._store, container.id)
        state = state_of(self._store, container.id)
        in_use = "itself: it runs" if state.running else ""
        with suppress(FileNotFoundError):
            if not state.finished and os.stat(folder).st_mtime_ns >= self._horizon:
                in_use = in_use or "a running command"  # which has just made it, and will start it
        used = datetime.fromisoformat(state.finished or container.created).timestamp()
        size = tree_size(folder)  # 0: it was removed meanwhile
        return Item(self.kind, container.id, container.name, size, used=used, in_use=in_use)

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        return [text for text in ids if remove_stopped(self._store, self._containers[text], remover)]
