"""A layer's table of contents behind the last byte of its archive, in the same blob.

A step that places files has to know which directories are below it and not one byte of them, so whoever builds on a
layer fetches its tail alone. No decompressor gives out a byte of it: in gzip it stands in the extra fields of empty
members (RFC 1952, section 2.3.1.1), in zstd in a skippable frame (RFC 8878, section 3.1.2). So the diff id knows
nothing of it. The layer's descriptor says where it begins and what it is (`model/layer.py`, `Tail`), and is covered by
the manifest's digest: who has verified the manifest can verify the table. stargz and zstd:chunked carry their tables in
the same way, but cut the archive into a stream for each file, which costs time and size; here it stays as it was.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from builder.errors import LayerError
from builder.layers.compress import Compression

_MEMBER = bytes.fromhex("1f8b08040000000000ff")
"""A header with an extra field: no time, no system."""
_SUBFIELD = struct.Struct("<H2sH")
"""Length of the extra field, the subfield's id, its length."""
_ID = b"pb"
_MOST_IN_MEMBER = 0xFFFF - 4
_NOTHING = bytes.fromhex("0300") + bytes(8)
"""An empty deflate block, and the checksum and length of nothing."""
_FRAME = struct.Struct("<II")
_SKIPPABLE = 0x184D2A5B
"""One of the sixteen numbers of such frames. zstd:chunked has the first, seekable files have the fifteenth."""


def wrap(packed: bytes, compression: Compression) -> bytes:
    """The tail with a packed table in it; empty without one, and for a layer that is not compressed."""
    if not packed:
        return b""
    match compression:
        case Compression.GZIP:
            return b"".join(_members(packed))
        case Compression.ZSTD:
            return _FRAME.pack(_SKIPPABLE, len(packed)) + packed
        case Compression.NONE:
            return b""


def _members(packed: bytes) -> Iterator[bytes]:
    for at in range(0, len(packed), _MOST_IN_MEMBER):
        piece = packed[at : at + _MOST_IN_MEMBER]
        yield _MEMBER + _SUBFIELD.pack(len(piece) + 4, _ID, len(piece)) + piece + _NOTHING


def unwrap(tail: bytes) -> bytes:
    """The packed table. Raises LayerError `bad-table` for bytes that `wrap` does not make."""
    if tail.startswith(_MEMBER):
        return b"".join(_pieces(tail))
    packed = tail[_FRAME.size :]
    if tail[: _FRAME.size] != _FRAME.pack(_SKIPPABLE, len(packed)):
        raise _damaged()
    return packed


def _pieces(tail: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(tail):
        begin = at + len(_MEMBER) + _SUBFIELD.size
        if tail[at : at + len(_MEMBER)] != _MEMBER or begin > len(tail):
            raise _damaged()
        extra, name, size = _SUBFIELD.unpack_from(tail, at + len(_MEMBER))
        at = begin + size + len(_NOTHING)
        if extra != size + 4 or name != _ID or tail[begin + size : at] != _NOTHING:
            raise _damaged()
        yield tail[begin : begin + size]


def _damaged() -> LayerError:
    return LayerError("bad-table", "a layer's blob does not end with a table of contents")
