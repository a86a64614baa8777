"""Mark and sweep: removes what no image, no cache record and no running process needs.

Which roots count besides the refs (cache records, containers) is the caller's policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.store.reach import reach
from builder.store.store import Store
from builder.store.trees import Remover, remove_tree


class Roots(NamedTuple):
    """What stays besides everything that `index.json` names."""

    images: tuple[Descriptor, ...] = ()
    """Manifests or indexes, with all they refer to; other blobs."""
    layers: tuple[Layer, ...] = ()


class Collected(NamedTuple):
    blobs: int
    size: int
    """Bytes of the blobs."""
    snapshots: int
    tables: int


def collect(
    store: Store, roots: Callable[[], Roots], remover: Remover = remove_tree, *, wait: bool = False
) -> Collected | None:
    """Afterwards nothing unreachable is in the store. None, and nothing done, when other processes have the store
    open; with `wait`, waits for them instead.

    `roots` is called when no one else can add any. Call this only while no thread of this process uses the store.
    """
    try:
        if not store.in_use.exclusive(wait=wait):
            return None
        collected = _sweep(store, roots(), remover)
        store.snapshots.bury_dead(remover)
        store.temporary.bury_dead(remover)
        return collected
    finally:
        store.in_use.shared()


def _sweep(store: Store, roots: Roots, remover: Remover) -> Collected:
    named = [descriptor for _, descriptor in store.refs.items()]
    marked = reach(store.blobs, (*named, *store.refs.untagged(), *roots.images))
    blobs = marked.blobs | {layer.descriptor.digest for layer in roots.layers}
    diff_ids = marked.diff_ids | {layer.diff_id for layer in roots.layers}

    # What is derived goes first: killed in the middle, nothing stands for a blob that is gone.
    snapshots = _unmarked(store.snapshots.all(), diff_ids)
    for diff_id in snapshots:
        store.snapshots.remove(diff_id, remover)
    tables = _unmarked(store.tables.all(), diff_ids)
    for diff_id in tables:
        store.tables.remove(diff_id)
    for diff_id in _unmarked(store.layers.all(), diff_ids):
        store.layers.forget(diff_id)
    garbage = _unmarked(store.blobs.all(), blobs)
    return Collected(len(garbage), sum(store.blobs.remove(digest) for digest in garbage), len(snapshots), len(tables))


def _unmarked(present: list[Digest], marked: set[Digest]) -> list[Digest]:
    return [digest for digest in present if digest not in marked]
