"""A tar stream to a layer of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from builder.layers.compress import Compression
from builder.layers.writer import LayerWriter
from builder.model.descriptor import Descriptor
from builder.model.layer import Layer
from builder.store.store import Store

_T = TypeVar("_T")


def keep_layer(
    store: Store,
    fill: Callable[[LayerWriter], _T],
    compression: Compression = Compression.GZIP,
    level: int | None = None,
) -> tuple[Layer, _T]:
    """`fill` writes a whole uncompressed layer archive. Afterwards the store has a blob that carries it. Returns the
    layer, and what `fill` returned; an error of `fill` leaves nothing."""
    with store.blobs.raw_writer() as blob:
        with LayerWriter(blob, compression, level) as writer:
            result = fill(writer)
            written = writer.close()
        blob.commit_as(written.digest, written.size)
    layer = Layer(written.diff_id, Descriptor(compression.media_type, written.digest, written.size))
    store.layers.remember(layer)
    return layer, result


def keep_stream(store: Store, archive: Iterable[bytes]) -> Layer:
    """`keep_layer` for an archive that comes in pieces."""

    def fill(writer: LayerWriter) -> None:
        for chunk in archive:
            writer.write(chunk)

    return keep_layer(store, fill)[0]
