"""A tar stream to a layer of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from builder.errors import ImageError
from builder.layers.claimed import pack_table
from builder.layers.compress import Compression
from builder.layers.table import table_text
from builder.layers.tail import wrap
from builder.layers.writer import LayerWriter, WrittenLayer
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.entry import Entry
from builder.model.layer import Layer, Tail
from builder.store.store import Store


def keep_layer(
    store: Store,
    fill: Callable[[LayerWriter], Sequence[Entry]],
    compression: Compression = Compression.GZIP,
    level: int | None = None,
    diff_id: Digest | None = None,
) -> tuple[Layer, Sequence[Entry]]:
    """`fill` writes a whole uncompressed layer archive and returns its table of contents. Afterwards the store has a
    blob that carries both, and the table. Returns the layer and the table; an error of `fill` leaves nothing, nor
    does an archive that is not `diff_id`, where one is given: ImageError `bad-image`."""
    with store.blobs.raw_writer() as blob:
        with LayerWriter(blob, compression, level) as writer:
            entries = fill(writer)
            text = table_text(entries)
            tail = wrap(pack_table(text), compression)
            written = writer.close(tail)
        if diff_id not in (None, written.diff_id):
            raise ImageError("bad-image", f"a layer is {written.diff_id}, and not what its image says: {diff_id}")
        blob.commit_as(written.digest, written.size)
    descriptor = _descriptor(written, compression)
    if tail:
        said = Tail(written.size - len(tail), Digest.of(text))
        descriptor = descriptor._replace(annotations=(said.annotation,))
    layer = Layer(written.diff_id, descriptor)
    store.layers.remember(layer)
    store.tables.put(layer.diff_id, entries, text)
    return layer, entries


def keep_stream(store: Store, archive: Iterable[bytes]) -> Layer:
    """The same for an archive that comes in pieces, of which nobody knows the table yet: the blob carries none."""
    compression = Compression.GZIP
    with store.blobs.raw_writer() as blob:
        with LayerWriter(blob, compression) as writer:
            for chunk in archive:
                writer.write(chunk)
            written = writer.close()
        blob.commit_as(written.digest, written.size)
    layer = Layer(written.diff_id, _descriptor(written, compression))
    store.layers.remember(layer)
    return layer


def _descriptor(written: WrittenLayer, compression: Compression) -> Descriptor:
    return Descriptor(compression.media_type, written.digest, written.size)
