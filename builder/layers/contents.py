"""Reading a layer's archive without unpacking it: what it holds, and the bytes of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from builder.layers.members import Member, MemberReader
from builder.layers.placing import Placing
from builder.layers.streams import Readable
from builder.model.entry import Entry, Kind

_ZEROS = bytes(1 << 20)


def read_contents(tar: Readable) -> list[Entry]:
    """The table that `apply` would return, with digests; `tar` is read to its end. Raises LayerError as `apply`."""
    placing = Placing(markers=True)
    reader = MemberReader(tar)
    for member in reader:
        placed = placing.place(member)
        if placed and placed.entry.kind is Kind.FILE:
            digest = hashlib.sha256()
            for piece in whole_content(member, reader):
                digest.update(piece)
            placing.hashed(placed.entry.path, digest.hexdigest())
    reader.drain()
    return placing.table()


def whole_content(member: Member, reader: MemberReader) -> Iterator[bytes]:
    """The content of the member that came last, holes as zeros, in pieces of at most 1 MiB."""
    if member.extents is None:
        yield from reader.content()
        return
    pieces, held, at = reader.content(), b"", 0
    for extent in member.extents:
        yield from _zeros(extent.offset - at)
        left = extent.length
        while left:
            held = held or next(pieces)
            yield held[:left]
            held, left = held[left:], left - len(held[:left])
        at = extent.offset + extent.length
    yield from _zeros(member.size - at)


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield _ZEROS[:count]
        count -= len(_ZEROS)
