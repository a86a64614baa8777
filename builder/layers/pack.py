"""Entries and their content to a layer's tar: the same items, whatever they come from, give the same bytes."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from builder.errors import LayerError
from builder.layers.header import END_OF_ARCHIVE, header, padding
from builder.layers.streams import Writable
from builder.model.entry import Entry, Kind


class Content(Protocol):
    """An open file that is no descriptor of its own, such as a member of an archive."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


Opener = Callable[[], "int | Content"]
"""Opens the content of a FILE for reading; the descriptor (or what stands for one) then belongs to the caller."""

Item = tuple[Entry, Opener | None]
"""An opener may be None for all kinds but FILE, and for files of size 0."""

_CHUNK = 1 << 20


def pack(items: Iterable[Item], out: Writable, epoch: int | None = None) -> list[Entry]:
    """Writes a whole tar to `out` and returns its table: the entries, with the digests of their content.

    Items come sorted by the bytes of their paths, an OPAQUE after its directory, a hardlink after what it links to;
    LayerError `unsorted` otherwise. Times later than `epoch` become `epoch`. Content is read once, at most 1 MiB at
    a time, and must be as long as its entry says: LayerError `file-changed`.
    """
    packing = _Packing(out, epoch)
    for entry, opener in items:
        packing.add(entry, opener)
    packing.finish()
    return packing.table


class _Packing:
    def __init__(self, out: Writable, epoch: int | None) -> None:
        self.table: list[Entry] = []
        self._out = out
        self._epoch = epoch
        self._last: tuple[bytes, bool] = (b"", False)
        self._linkable: set[str] = set()
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def add(self, entry: Entry, opener: Opener | None) -> None:
        if self._epoch is not None and entry.mtime > self._epoch:
            entry = entry._replace(mtime=self._epoch)
        self._check_order(entry)
        if entry.kind is not Kind.FILE:
            self._write(header(entry))
        elif entry.size == 0 and opener is None:
            self._write(header(entry))
            entry = entry._replace(digest=_EMPTY_DIGEST)
        elif opener is None:
            raise LayerError("no-content", f"{entry.path!r} has {entry.size} bytes of content but nothing to read them")
        else:
            entry = self._add_file(entry, opener)
        self.table.append(entry)

    def finish(self) -> None:
        self._write(END_OF_ARCHIVE)
        self._flush()

    def _check_order(self, entry: Entry) -> None:
        position = (os.fsencode(entry.path), entry.kind is Kind.OPAQUE)
        if position <= self._last and self.table:
            raise LayerError("unsorted", f"{entry.path!r} comes after {os.fsdecode(self._last[0])!r} or twice")
        self._last = position
        if entry.kind is Kind.HARDLINK:
            if entry.link not in self._linkable:
                raise LayerError("unsorted", f"{entry.path!r} links to {entry.link!r}, which does not come before it")
        elif entry.kind not in _UNLINKABLE:
            self._linkable.add(entry.path)

    def _add_file(self, entry: Entry, opener: Opener) -> Entry:
        size = entry.size
        try:
            opened = opener()
        except OSError as error:
            raise _unreadable(entry, error) from error
        read: Callable[[int], bytes] = partial(os.read, opened) if isinstance(opened, int) else opened.read
        close: Callable[[], None] = partial(os.close, opened) if isinstance(opened, int) else opened.close
        try:
            self._write(header(entry))
            # one byte more than expected: a file that grew must not go unseen
            data = _read(entry, read, min(size, _CHUNK) + 1)
            if len(data) != size:
                return self._copy(entry, read, data)
            self._write(data)
            self._write(padding(size))
            return entry if entry.digest else entry._replace(digest=hashlib.sha256(data).hexdigest())
        finally:
            close()

    def _copy(self, entry: Entry, read: Callable[[int], bytes], data: bytes) -> Entry:
        """Large files, and descriptors that give less at once than they hold."""
        digest = None if entry.digest else hashlib.sha256()
        left = entry.size
        self._flush()
        while data:
            left -= len(data)
            if left < 0:
                raise _changed(entry, "grew")
            if digest:
                digest.update(data)
            self._out.write(data)
            data = _read(entry, read, min(_CHUNK, left + 1))
        if left:
            raise _changed(entry, "shrank")
        self._write(padding(entry.size))
        return entry._replace(digest=digest.hexdigest()) if digest else entry

    def _write(self, data: bytes) -> None:
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._out.write(b"".join(self._pending))
            self._pending.clear()
            self._pending_bytes = 0


_UNLINKABLE = (Kind.DIRECTORY, Kind.WHITEOUT, Kind.OPAQUE)
_EMPTY_DIGEST = hashlib.sha256().hexdigest()


def _changed(entry: Entry, how: str) -> LayerError:
    return LayerError(
        "file-changed",
        f"{entry.path!r} {how} while it was read",
        hint="leave the files alone while they are built from, or exclude them by .dockerignore",
        retryable=True,
    )


def _read(entry: Entry, read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except OSError as error:
        raise _unreadable(entry, error) from error


def _unreadable(entry: Entry, error: OSError) -> LayerError:
    if error.errno in (errno.EISDIR, errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
        return _changed(entry, "was replaced")
    return LayerError("unreadable", f"{entry.path!r} cannot be read: {error.strerror}")
