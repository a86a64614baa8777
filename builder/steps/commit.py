"""From entries, or from a finished archive, to a layer in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from builder.images.keep import keep_layer
from builder.layers.pack import Item, pack
from builder.layers.writer import LayerWriter
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.store.store import Store

_CHUNK = 1 << 20


def commit_items(store: Store, items: Iterable[Item], epoch: int | None) -> Layer:
    """Packs sorted items into a new layer. Afterwards its blob and its table are in the store."""
    return commit_table(store, items, epoch)[0]


def commit_table(store: Store, items: Iterable[Item], epoch: int | None) -> tuple[Layer, Sequence[Entry]]:
    """The same; returns the table too, with an entry for each item."""
    return keep_layer(store, lambda writer: pack(items, writer, epoch))


def commit_archive(store: Store, archive: int, table: Callable[[], Sequence[Entry]]) -> Layer:
    """Takes a whole layer archive from a pipe, to its end. `table` is asked for its contents after that; where it
    raises, nothing is kept."""

    def copy(writer: LayerWriter) -> Sequence[Entry]:
        while data := os.read(archive, _CHUNK):
            writer.write(data)
        return table()

    return keep_layer(store, copy)[0]
