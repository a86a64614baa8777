"""The store that a command names, and who needs what is in it."""

from __future__ import annotations

import os
from contextlib import closing

from builder.lean import TYPE_CHECKING
from builder.store.store import Store, default_root

if TYPE_CHECKING:
    from builder.images.uses import Use
    from builder.model.layer import Layer


def open_store(root: str | None) -> Store:
    return Store.open(root or default_root(os.environ, os.getuid()))


def cached_layers(store: Store) -> list[Layer]:
    """The layers of recorded steps: they outlive the image, so that building it again is quick."""
    from builder.cache.local import LocalCache

    with closing(LocalCache(store)) as records:
        return [record.layer for record in records.records()]


def image_uses(store: Store) -> list[Use]:
    """Who needs images besides their names."""
    from builder.containers.use import in_use
    from builder.images.mount import mount_uses
    from builder.images.uses import Use
    from builder.registry.server.held import held_by_registry

    held = [Use(descriptor, "the registry of this folder") for descriptor in held_by_registry(store)]
    return [*in_use(store).images, *mount_uses(store), *held]
