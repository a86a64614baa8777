"""What a registry keeps in its store, for those who clean up there."""

from __future__ import annotations

import os

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.model.descriptor import Descriptor
    from builder.store.store import Store

FOLDER = "registry"
"""Of the store: the database, and unfinished uploads."""
DATABASE = "repositories.db"


def held_by_registry(store: Store) -> tuple[Descriptor, ...]:
    """All manifests and blobs of its repositories, each for itself; nothing where the store is no registry's."""
    path = f"{store.folder(FOLDER)}/{DATABASE}"
    if not os.path.exists(path):
        return ()
    from builder.registry.server.repositories import opened_repositories

    with opened_repositories(path) as repositories:
        return repositories.everything(store.blobs)
