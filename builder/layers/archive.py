"""A user's archive (ADD, import) to items that `pack` takes, in sorted order although archives are not sorted.

A compressed archive cannot be read in another order than it has, so it is first unpacked to one unnamed temporary
file; of that, or of a plain archive itself, only the headers are read. Memory grows with the number of members only.
Names are judged as those of layers are (`placing`), except that `.wh.` means nothing here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from builder.errors import LayerError
from builder.layers.compress import MAGIC_SIZE, decompress, sniff
from builder.layers.members import FileSource, MemberReader
from builder.layers.pack import Content, Item, Opener
from builder.layers.placing import Placing
from builder.layers.sparse import Extent
from builder.model.entry import Entry, Kind

_CHUNK = 1 << 20


def is_archive(fd: int) -> bool:
    """Whether ADD unpacks the file: BuildKit's rule is that its first tar header reads, once it is decompressed.

    The position of `fd` stays where it is.
    """
    try:
        return next(iter(MemberReader(decompress(FileSource(fd)))), None) is not None
    except LayerError:
        return False


@contextmanager
def archive_items(fd: int, spool_directory: str | None = None, *, links_out: bool = False) -> Iterator[list[Item]]:
    """The items of the archive, sorted; their openers hold within the `with` block.

    Paths are clean and inside of the archive's own root; the item of path "" is there if the archive describes its
    root. Directories that are only implied are no items. With `links_out`, a HARDLINK can name what the archive does
    not hold before it: by a path with a leading slash. Raises LayerError for a damaged or hostile archive.
    """
    if not sniff(os.pread(fd, MAGIC_SIZE, 0)):
        yield _indexed(fd, links_out)
        return
    from tempfile import TemporaryFile

    with TemporaryFile(dir=spool_directory, buffering=0) as spool:
        content = decompress(FileSource(fd))
        while data := content.read(_CHUNK):
            spool.write(data)
        yield _indexed(spool.fileno(), links_out)


def _indexed(fd: int, links_out: bool) -> list[Item]:
    placing = Placing(markers=False, links_out=links_out)
    reader = MemberReader(FileSource(fd))
    stored: dict[str, _Stored] = {}
    for member in reader:
        placed = placing.place(member)
        if placed is None:
            continue
        path = placed.entry.path
        if member.kind is Kind.FILE:
            extents = (Extent(0, member.size),) if member.extents is None else member.extents
            stored[path] = _Stored(fd, reader.position, member.size, extents)
        elif member.kind is Kind.HARDLINK and placed.entry.link in stored:
            stored[path] = stored[placed.entry.link]
    return [(entry, _opener(entry, stored)) for entry in placing.table()]


def _opener(entry: Entry, stored: dict[str, _Stored]) -> Opener | None:
    return partial(_Reading, stored[entry.path]) if entry.kind is Kind.FILE else None


class _Stored(NamedTuple):
    """Where the content of a file is in the archive."""

    fd: int
    position: int
    size: int
    extents: tuple[Extent, ...]


class _Reading(Content):
    """The content of a file from its beginning, its holes as zeros."""

    def __init__(self, stored: _Stored) -> None:
        self._stored = stored
        self._at = 0
        self._extent = 0
        self._source = stored.position

    def read(self, size: int, /) -> bytes:
        extents = self._stored.extents
        while self._extent < len(extents):
            offset, length = extents[self._extent]
            if self._at < offset:
                return self._zeros(min(size, offset - self._at))
            inside = self._at - offset
            if inside < length:
                data = os.pread(self._stored.fd, min(size, length - inside), self._source + inside)
                self._at += len(data)
                return data
            self._source += length
            self._extent += 1
        return self._zeros(min(size, self._stored.size - self._at))

    def close(self) -> None:
        """Nothing is open but the archive."""

    def _zeros(self, count: int) -> bytes:
        self._at += count
        return bytes(count)
