"""Mark and sweep: removes what no image, no cache record and no running process needs.

Which roots count besides the refs (cache records, containers) is the caller's policy. Builds and containers go on
meanwhile: see `presence.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.store.reach import reach
from builder.store.removal import remove_unused
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
    store: Store, roots: Callable[[], Roots], remover: Remover = remove_tree, horizon: int | None = None
) -> Collected:
    """Afterwards nothing unreachable is in the store, but what other running processes have used since they began.
    Call this only while no thread of this process uses the store, unless `horizon`, the stamp below which things may
    go, says what it needs."""
    if horizon is None:
        horizon = store.presence.horizon()
    kept = roots()  # after the horizon: what becomes one later is stamped later
    named = [descriptor for _, descriptor in store.refs.items()]
    marked = reach(store.blobs, (*named, *store.refs.untagged(), *kept.images))
    blobs = marked.blobs | {layer.descriptor.digest for layer in kept.layers}
    diff_ids = marked.diff_ids | {layer.diff_id for layer in kept.layers}

    def sweep(present: list[Digest], marked: set[Digest], path: Callable[[Digest], str]) -> list[str]:
        return remove_unused(store, [path(digest) for digest in present if digest not in marked], horizon, remover)

    # What is derived goes first: killed in the middle, nothing stands for a blob that is gone.
    snapshots = sweep(store.snapshots.all(), diff_ids, store.snapshots.folder)
    tables = sweep(store.tables.all(), diff_ids, store.tables.path)
    store.tables.forget()
    sweep(store.layers.all(), diff_ids, store.layers.path)
    garbage = [digest for digest in store.blobs.all() if digest not in blobs]
    sizes = {store.blobs.path(digest): store.blobs.size(digest) or 0 for digest in garbage}
    gone = sweep(garbage, set(), store.blobs.path)
    store.snapshots.bury_dead(remover)
    store.temporary.bury_dead(remover)
    return Collected(len(gone), sum(sizes[path] for path in gone), len(snapshots), len(tables))
