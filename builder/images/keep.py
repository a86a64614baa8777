"""A tar stream to a layer of the store."""

from __future__ import annotations

from collections.abc import Iterable

from builder.layers.compress import Compression
from builder.layers.writer import LayerWriter
from builder.model.descriptor import Descriptor
from builder.model.layer import Layer
from builder.store.store import Store


def keep_layer(store: Store, archive: Iterable[bytes], compression: Compression = Compression.GZIP) -> Layer:
    """Afterwards the store has a blob that carries `archive`, the bytes of a whole uncompressed layer."""
    with store.blobs.raw_writer() as blob:
        with LayerWriter(blob, compression) as writer:
            for chunk in archive:
                writer.write(chunk)
            written = writer.close()
        blob.commit_as(written.digest, written.size)
    layer = Layer(written.diff_id, Descriptor(compression.media_type, written.digest, written.size))
    store.layers.remember(layer)
    return layer
