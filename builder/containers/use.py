"""What containers need of the store: neither `rmi` nor `prune` may take it from below them."""

from __future__ import annotations

from typing import NamedTuple

from builder.containers.records import every_container
from builder.containers.types import Container, Damaged
from builder.images.uses import Use
from builder.model.digest import Digest
from builder.store.store import Store


class InUse(NamedTuple):
    images: tuple[Use, ...]
    """What each container was made from, with the snapshots that lie below its own files."""
    volumes: frozenset[str]
    """By name."""


def in_use(store: Store) -> InUse:
    """By all containers that there are, running or not: a stopped one can be started again. Raises StoreError
    `bad-container`: what a damaged one needs is not known, and must not be taken from below it."""
    everything: list[Container] = []
    for found in every_container(store):
        if isinstance(found, Damaged):
            raise found.error()
        everything.append(found)
    return InUse(
        images=tuple(_use(container) for container in everything),
        volumes=frozenset(
            mount.source for container in everything for mount in container.mounts if mount.kind == "volume"
        ),
    )


def _use(container: Container) -> Use:
    return Use(container.manifest, f"container {container.name}", tuple(map(Digest.from_hex, container.snapshots)))
