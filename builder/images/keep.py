"""A tar stream to a layer of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from builder.errors import ImageError
from builder.layers.claimed import pack_table
from builder.layers.compress import Compression
from builder.layers.table import table_text
from builder.layers.tail import wrap
from builder.layers.writer import LayerWriter
from builder.lean import NamedTuple
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.entry import Entry
from builder.model.layer import Layer, Tail
from builder.store.store import Store


class _Filled(NamedTuple):
    """What is known of an archive once it has been written."""

    entries: Sequence[Entry] = ()
    table: bytes = b""
    """As it is written; empty where it is not known."""


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

    def filled(writer: LayerWriter) -> _Filled:
        entries = fill(writer)
        return _Filled(entries, table_text(entries))

    return _keep(store, filled, compression, level, diff_id)


def keep_stream(store: Store, archive: Iterable[bytes]) -> Layer:
    """The same for an archive that comes in pieces, of which nobody knows the table yet: the blob carries none."""

    def copied(writer: LayerWriter) -> _Filled:
        for chunk in archive:
            writer.write(chunk)
        return _Filled()

    return _keep(store, copied, Compression.GZIP)[0]


def _keep(
    store: Store,
    fill: Callable[[LayerWriter], _Filled],
    compression: Compression,
    level: int | None = None,
    diff_id: Digest | None = None,
) -> tuple[Layer, Sequence[Entry]]:
    with store.blobs.raw_writer() as blob:
        with LayerWriter(blob, compression, level) as writer:
            entries, table = fill(writer)
            tail = wrap(pack_table(table), compression) if table else b""
            written = writer.close(tail)
        if diff_id not in (None, written.diff_id):
            raise ImageError("bad-image", f"a layer is {written.diff_id}, and not what its image says: {diff_id}")
        blob.commit_as(written.digest, written.size)
    said = (Tail(written.size - len(tail), Digest.of(table)).annotation,) if tail else ()
    layer = Layer(written.diff_id, Descriptor(compression.media_type, written.digest, written.size, annotations=said))
    store.layers.remember(layer)
    if table:
        store.tables.put(layer.diff_id, entries, table)
    return layer, entries
