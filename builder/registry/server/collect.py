"""Garbage collection of a registry, beside servers that run on the same root."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from builder.errors import StoreError
from builder.model.digest import Digest
from builder.registry.server.held import DATABASE, FOLDER
from builder.registry.server.registry import Opened, Registry
from builder.store.gc import Roots, collect
from builder.store.store import Store

GRACE_S = 24 * 3600.0
"""What is younger may be on its way: an image is pushed blob by blob, and its manifest last."""


class Collected(NamedTuple):
    uploads: int
    """Unfinished, and given up."""
    manifests: int
    links: int
    """Blobs that a repository had for no manifest."""
    blobs: int
    size: int
    """Bytes of the blobs that are gone from the disk."""


def collect_garbage(
    root: str, grace_s: float, *, delete_untagged: bool, others: Callable[[Store], Roots] = lambda _: Roots()
) -> Collected:
    """Afterwards nothing older than `grace_s` is there that no manifest needs. With `delete_untagged`, manifests go
    that no tag, no index and no subject that stays leads to. `others` says who else needs what is in the folder's
    store. Raises StoreError where no registry is."""
    if not os.path.exists(f"{root}/{FOLDER}/{DATABASE}"):
        hint = "`pybuild prune` cleans other stores"
        raise StoreError("not-a-registry", f"{root} is not the folder of a registry", hint=hint)
    registry = Registry(root)
    before = time.time() - grace_s
    uploads = registry.uploads.expire(before)
    with registry.opened() as opened:
        repositories = opened.repositories
        with repositories.changing():
            manifests = _drop_untagged(opened, before) if delete_untagged else 0
            links = repositories.drop_unused_blobs(before)

        def roots() -> Roots:
            # Blobs are written before the database has them, by processes whose stamps keep them until it does.
            images, layers = others(opened.store)
            return Roots((*repositories.everything(opened.store.blobs), *images), layers)

        gone = collect(opened.store, roots)
    return Collected(uploads, manifests, links, gone.blobs, gone.size)


def _drop_untagged(opened: Opened, before: float) -> int:
    """Until nothing changes: who loses its index or its subject is next."""
    tagged = {(name.rpartition(":")[0], descriptor.digest) for name, descriptor in opened.store.refs.items()}
    repositories, count = opened.repositories, 0
    while True:
        dropped = [
            repositories.remove_manifest(repository, digest)
            for repository, digest, subject in repositories.loose_manifests(before)
            if (repository, digest) not in tagged
            and not (subject and repositories.manifest(repository, Digest(subject)))
        ]
        if not dropped:
            return count
        count += len(dropped)
