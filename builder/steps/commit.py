"""From entries, or from a finished archive, to a layer in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from builder.layers.compress import Compression
from builder.layers.pack import Item, pack
from builder.layers.writer import LayerWriter
from builder.model.descriptor import Descriptor
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.model.media_types import OCI_LAYER_GZIP
from builder.store.store import Store

_CHUNK = 1 << 20
_T = TypeVar("_T")


def commit_items(store: Store, items: Iterable[Item], epoch: int | None) -> Layer:
    """Packs sorted items into a new layer. Afterwards its blob and its table are in the store."""
    layer, table = _commit(store, lambda writer: pack(items, writer, epoch))
    store.tables.put(layer.diff_id, table)
    return layer


def commit_archive(store: Store, archive: int, table: Callable[[], Iterable[Entry]]) -> Layer:
    """Takes a whole layer archive from a pipe, to its end. `table` is asked for its contents after that."""

    def copy(writer: LayerWriter) -> None:
        while data := os.read(archive, _CHUNK):
            writer.write(data)

    layer, _ = _commit(store, copy)
    store.tables.put(layer.diff_id, table())
    return layer


def _commit(store: Store, fill: Callable[[LayerWriter], _T]) -> tuple[Layer, _T]:
    with store.blobs.raw_writer() as blob:
        writer = LayerWriter(blob, Compression.GZIP)
        try:
            result = fill(writer)
            written = writer.close()
        except BaseException:
            writer.abort()
            raise
        blob.commit_as(written.digest, written.size)
    layer = Layer(written.diff_id, Descriptor(OCI_LAYER_GZIP, written.digest, written.size))
    store.layers.remember(layer)
    return layer, result
