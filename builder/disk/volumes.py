"""Volumes, with and without a name that somebody chose."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence

from builder.containers.records import all_containers
from builder.containers.volumes import all_volumes, remove_unused_volume, volume_path
from builder.disk.sizes import tree_size
from builder.disk.types import Item, Kind
from builder.store.store import Store
from builder.store.trees import Remover

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


class Volumes:
    kind = Kind.VOLUMES

    def __init__(self, store: Store, without: Collection[str]) -> None:
        """`without` are names of containers that count as gone."""
        self._store = store
        self._users: dict[str, str] = {}
        for container in all_containers(store):
            if container.name not in without:
                self._users |= {mount.source: f"container {container.name}" for mount in container.mounts}

    def items(self) -> list[Item]:
        found = []
        for name in all_volumes(self._store):
            path = volume_path(self._store, name)
            used = os.stat(path).st_mtime if os.path.isdir(path) else 0.0
            size, anonymous = tree_size(os.path.dirname(path)), bool(_ANONYMOUS.fullmatch(name))
            user = self._users.get(name, "")
            found.append(Item(self.kind, name, name, size, used=used, in_use=user, only_all=not anonymous))
        return found

    def remove(self, ids: Sequence[str], remover: Remover) -> list[str]:
        return [name for name in ids if remove_unused_volume(self._store, name, remover)]
