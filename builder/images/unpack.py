"""What a layer holds: its table of contents, and its snapshot. Made once per diff id, however many ask at once.

Both stand under the diff id that an image's config claims, for every image to use. So neither is kept before the
layer's bytes have been found to have that digest: an image that lies about a layer must not reach another one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from builder.errors import ImageError
from builder.images.fetch import Progress, ensure_blob, ensure_blobs
from builder.images.implied import digest_of_looks, note, noted, variant
from builder.images.sources.types import OpenSource
from builder.layers.compress import decompress
from builder.layers.hashed import HashedStream
from builder.layers.table import read_table
from builder.model.digest import Digest
from builder.model.entry import Entry
from builder.model.layer import Chain, Layer
from builder.sandbox.worker import Worker
from builder.store.locks import FileLock
from builder.store.store import Store


def ensure_table(
    store: Store, layer: Layer, open_source: OpenSource, progress: Progress | None = None
) -> Sequence[Entry]:
    """The layer's table of contents, read from its blob if it is not known; nothing is unpacked."""
    if store.tables.has(layer.diff_id):
        return store.tables.read(layer.diff_id)
    ensure_blob(store, layer, open_source, progress)
    from builder.layers.contents import read_contents

    with _lock(store, "table", layer.diff_id):
        if not store.tables.has(layer.diff_id):
            with store.blobs.open(layer.descriptor.digest, layer.descriptor.size) as blob:
                stream = HashedStream(decompress(blob))
                entries = read_contents(stream)
            _check(store, layer, stream.digest)
            store.tables.put(layer.diff_id, entries)
    return store.tables.read(layer.diff_id)


def ensure_tables(
    store: Store,
    layers: Chain,
    open_source: OpenSource,
    progress: Progress | None = None,
    stop: Callable[[], None] = lambda: None,
) -> list[Sequence[Entry]]:
    """`ensure_table` for each of the layers, bottom first. Blobs that are missing are fetched together, see
    `ensure_blobs`."""
    missing = tuple(layer for layer in layers if not store.tables.has(layer.diff_id))
    ensure_blobs(store, missing, open_source, progress, stop)
    return [ensure_table(store, layer, open_source) for layer in layers]


def ensure_chain(
    store: Store, worker: Worker, layers: Chain, open_source: OpenSource, progress: Progress | None = None
) -> tuple[str, ...]:
    """The snapshots of a stack of layers, bottom first: directories with the layers' files in overlay form, unpacked
    where they are not there. Blobs that are missing are fetched together."""
    paths = [_fitting(store, layers[: position + 1], open_source) for position in range(len(layers))]
    missing = tuple(layer for layer, path in zip(layers, paths, strict=True) if path is None)
    ensure_blobs(store, missing, open_source, progress)
    return tuple(
        path or _ensure_snapshot(store, worker, layers[: position + 1], open_source)
        for position, path in enumerate(paths)
    )


def _fitting(store: Store, layers: Chain, open_source: OpenSource) -> str | None:
    """The snapshot of the topmost of `layers` in which the directories that its archive leaves out look as those
    below it do here. Nearly every archive leaves none out."""
    layer = layers[-1]
    path = store.snapshots.path(layer.diff_id)
    looks = noted(path) if path else ""
    if path is None or not looks:
        return path
    below = [_table_path(store, other, open_source) for other in layers[:-1]]
    wanted = digest_of_looks(ensure_table(store, layer, open_source), below)
    return path if wanted == looks else store.snapshots.path(variant(layer.diff_id, wanted))


def _ensure_snapshot(store: Store, worker: Worker, layers: Chain, open_source: OpenSource) -> str:
    below = [_table_path(store, layer, open_source) for layer in layers[:-1]]
    with _lock(store, "snapshot", layers[-1].diff_id):
        return _fitting(store, layers, open_source) or _unpack(store, worker, layers[-1], below)


def _table_path(store: Store, layer: Layer, open_source: OpenSource) -> str:
    ensure_table(store, layer, open_source)
    return store.tables.path(layer.diff_id)


def _unpack(store: Store, worker: Worker, layer: Layer, below: list[str]) -> str:
    """By the worker: the files may belong to anyone."""

    def remove(path: str) -> None:
        worker.call("remove", {"path": path})

    with store.snapshots.staging(remove) as staging:
        table = _apply(store, worker, layer, {"directory": staging.upper, "below": below})
        store.tables.put(layer.diff_id, table)
        looks = digest_of_looks(table, below)
        note(staging.root, looks)
        taken = looks and store.snapshots.path(layer.diff_id)  # by one that looks otherwise
        return store.snapshots.adopt(variant(layer.diff_id, looks) if taken else layer.diff_id, staging)


def _apply(store: Store, worker: Worker, layer: Layer, args: dict[str, object]) -> list[Entry]:
    table_fd = os.memfd_create("table", os.MFD_CLOEXEC)
    with open(table_fd, "r+b") as table, store.blobs.open(layer.descriptor.digest, layer.descriptor.size) as blob:
        result = worker.call("apply", args, [blob.fileno(), table_fd])
        _check(store, layer, Digest.parse(result["diff_id"]))
        table.seek(0)
        return read_table(table)


def _check(store: Store, layer: Layer, actual: Digest) -> None:
    """Only now it is known that the blob carries the layer, and not only said by who brought it."""
    if actual != layer.diff_id:
        raise ImageError(
            "layer-mismatch",
            f"layer {layer.descriptor.digest} is not what the image says: {layer.diff_id} expected, {actual} found",
            hint="the image is damaged or hostile: get it again, from somewhere else",
        )
    store.layers.remember(layer)


def _lock(store: Store, what: str, diff_id: Digest) -> FileLock:
    return FileLock(f"{store.folder('locks')}/{what}.{diff_id.hex}")
