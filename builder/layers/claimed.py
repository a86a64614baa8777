"""A table of contents that travels without its layer: to packed bytes, and back with everything checked.

Such a table is hostile input as an archive is. What comes through holds only what a table can hold that was read from
an archive: clean paths in order, directories above them, links to what stands before them, numbers as a tar has them.
Whether it is the layer's table, only the layer can tell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from io import BytesIO

from builder.errors import LayerError
from builder.layers.compress import MAGIC_SIZE, decompress, sniff
from builder.layers.header import WHITEOUT_PREFIX
from builder.layers.table import read_row, read_size, table_text
from builder.model.digest import Digest, is_hex
from builder.model.entry import Entry, Kind

PACKED_LIMIT = 32 << 20
_TEXT_LIMIT = 64 << 20
_LINE_LIMIT = 256 << 10
"""Extended attributes make the longest."""
_MOST_ENTRIES = 500_000
"""A layer with more is fetched: checking what is said of it would take as long."""
_NUMBER_LIMIT = 1 << 63
_LEVEL = 6
_UNLINKABLE = (Kind.DIRECTORY, Kind.HARDLINK, Kind.WHITEOUT, Kind.OPAQUE)


def pack_table(text: bytes) -> bytes:
    """A table as it is written (`table_text`) in gzip; the same text gives the same bytes. Empty for one so large that
    `unpack_claimed` refuses it."""
    from deflate import gzip_compress

    if len(text) > _TEXT_LIMIT or text.count(b"\n") > _MOST_ENTRIES + 1:
        return b""
    packed = bytes(gzip_compress(text, _LEVEL))
    return packed if len(packed) <= PACKED_LIMIT else b""


def unpack_claimed(packed: bytes, table: Digest) -> list[Entry]:
    """The entries of the table whose text has the digest `table`. Raises LayerError `bad-table` or `bad-compression`
    for anything else; time and memory are bounded whatever is said."""
    text = _inflated(packed)
    if Digest.of(text) != table:
        raise LayerError("bad-table", "it is another one than was announced")
    entries: list[Entry] = []
    try:
        head, _, body = text.partition(b"\n")
        count = read_size(head)
        if count > _MOST_ENTRIES:
            raise LayerError("bad-table", f"it has {count} entries")
        entries += _checked(read_row(json.loads(line)) for line in _lines(body))
        is_sound = len(entries) == count and table_text(entries) == text
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LayerError("bad-table", f"it is damaged: {error}") from error
    if not is_sound:
        raise LayerError("bad-table", "it is not written as tables are")
    return entries


def _inflated(packed: bytes) -> bytes:
    if len(packed) > PACKED_LIMIT or sniff(packed[:MAGIC_SIZE]) != "gzip":
        raise LayerError("bad-table", "it is too large, or not compressed as tables are")
    stream, text = decompress(BytesIO(packed)), bytearray()
    while piece := stream.read(1 << 20):
        text += piece
        if len(text) > _TEXT_LIMIT:
            raise LayerError("bad-table", "it unpacks to more than a table can need")
    return bytes(text)


def _lines(body: bytes) -> Iterator[str]:
    for line in body.decode("ascii").split("\n"):
        if len(line) > _LINE_LIMIT:
            raise LayerError("bad-table", "an entry of it is longer than any can be")
        if line:
            yield line


def _checked(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The same entries, each in its place among those before it."""
    kinds: dict[str, Kind] = {"": Kind.DIRECTORY}
    last: tuple[bytes, bool] | None = None
    for entry in entries:
        _check_values(entry)
        position = (os.fsencode(entry.path), entry.kind is Kind.OPAQUE)
        if last is not None and position <= last:
            raise LayerError("bad-table", f"{entry.path!r} is out of order")
        if entry.kind is Kind.HARDLINK and kinds.get(entry.link, Kind.DIRECTORY) in _UNLINKABLE:
            raise LayerError("bad-table", f"{entry.path!r} links to {entry.link!r}, which is not before it")
        is_directory = entry.kind in (Kind.DIRECTORY, Kind.OPAQUE)
        _enter_directories(entry.path if is_directory else entry.path.rpartition("/")[0], kinds)
        kinds.setdefault(entry.path, entry.kind)
        last = position
        yield entry


def _enter_directories(path: str, kinds: dict[str, Kind]) -> None:
    """What is above an entry is a directory, also where the table does not say so."""
    while (kind := kinds.setdefault(path, Kind.DIRECTORY)) is Kind.DIRECTORY and path:
        path = path.rpartition("/")[0]
    if kind is not Kind.DIRECTORY:
        raise LayerError("bad-table", f"{path!r} has entries below it, and is no directory")


def _check_values(entry: Entry) -> None:
    kind = entry.kind
    texts = (entry.path, entry.link, entry.digest)
    numbers = (entry.mode, entry.uid, entry.gid, entry.size, entry.mtime, *entry.device)
    if not all(type(text) is str and "\0" not in text for text in texts):
        raise TypeError("names are text")
    if not all(type(number) is int and -_NUMBER_LIMIT < number < _NUMBER_LIMIT for number in numbers):
        raise TypeError("modes, owners, sizes and times are numbers")
    if not (0 <= entry.mode <= 0o7777 and min(entry.uid, entry.gid, entry.size, *entry.device) >= 0):
        raise ValueError(f"{entry.path!r} has a number that no archive gives")
    if not _is_clean(entry.path) and not (kind is Kind.OPAQUE and not entry.path):
        raise ValueError(f"{entry.path!r} is not a path in a layer")
    if not (_is_clean(entry.link) if kind is Kind.HARDLINK else kind is Kind.SYMLINK or not entry.link):
        raise ValueError(f"{entry.path!r} has a link that it cannot have")
    if not (is_hex(entry.digest) if kind is Kind.FILE else not (entry.size or entry.digest)):
        raise ValueError(f"{entry.path!r} has content that it cannot have")
    if not all(type(name) is str for name, _ in entry.xattrs):
        raise TypeError("extended attributes have names")
    os.fsencode(entry.link)


def _is_clean(path: str) -> bool:
    parts: Sequence[str] = path.split("/")
    return not any(part in ("", ".", "..") or part.startswith(WHITEOUT_PREFIX) for part in parts)
