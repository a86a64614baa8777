"""Content digests of a folder's files, remembered by what `stat` says about them: one compact file, read and written
whole.

Nothing in it is needed for a right answer: a missing or damaged index is an empty one, and one that cannot be written
only costs time. Its form, after a magic and a CRC: the memory of texts as JSON, then for each directory its path, its
sorted names, one fixed record per file of what `stat` says, one of its digest, and the extended attributes of the few
files that have any. So a directory in which nothing has changed is found by comparing bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence

from builder.lean import NamedTuple
from builder.model.entry import Entry, Kind

Stat = tuple[int, int, int, int, int]
"""Size, mtime and ctime in nanoseconds, inode, mode as `st_mode`."""

Row = tuple[int, int, int, int, int, bytes]
"""The same, and SHA-256 of the content."""

Packed = tuple[bytes, bytes, bytes, bytes]
"""Of one directory: names, stats, digests, extended attributes."""

Xattrs = tuple[tuple[str, bytes], ...]

_MAGIC = b"pybuild stat index 2\n"
_CRC = struct.Struct("<I")
_MEMORY = struct.Struct("<I")
_SIZES = struct.Struct("<IIIII")
_STAT = struct.Struct("<QqqQI")
_DIGEST = struct.Struct("32s")
_NOTHING: Packed = (b"", b"", b"", b"{}")
_MAX_TEXTS = 16
_RACY_NS = 2_000_000_000
"""Coarsest resolution of file times that file systems in use have (FAT: 2 s)."""

_UNSEEN = Entry("", Kind.DIRECTORY)


class Known(NamedTuple):
    """What is known about the files of one directory."""

    rows: dict[str, Row]
    xattrs: dict[str, Xattrs]


class StatIndex:
    """Not safe for several threads; whoever owns it keeps a lock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._texts: dict[str, str] = {}
        self._packed: dict[str, Packed] = {}
        self._known: dict[str, Known] = {}
        self._listed: dict[str, Mapping[str, Entry]] = {}
        self._changed = False

    @classmethod
    def load(cls, path: str) -> StatIndex:
        """The index kept in the file `path`; empty if there is none or it is damaged."""
        index = cls(path)
        try:
            with open(path, "rb") as file:
                data = file.read()
            index._unpack(data)
        except (OSError, ValueError, struct.error):
            index = cls(path)
        return index

    def known(self, directory: str) -> Known:
        """What is remembered of the files in `directory`; the caller does not change it."""
        known = self._known.get(directory)
        if known is None:
            known = self._known[directory] = _unpack_directory(*self._packed.pop(directory, _NOTHING))
        return known

    def exactly(self, directory: str, files: Mapping[str, Stat]) -> Packed | None:
        """What is remembered of `directory` if that is all of these files, as they are; None if anything differs."""
        known = self._known.get(directory)
        packed = self._packed.get(directory, _NOTHING) if known is None else _pack_directory(known)
        names = sorted(files)
        if packed[0] != os.fsencode("\0".join(names)) or packed[1] != _pack_stats([files[name] for name in names]):
            return None
        return packed

    def saw(self, directory: str, entries: Mapping[str, Entry]) -> None:
        """`directory` was read whole and holds these entries: what else is remembered of it is gone, or has changed if
        its entry has no digest."""
        self._listed[directory] = entries
        rows, xattrs = self.known(directory)
        stale = [name for name in rows if name not in entries or not entries[name].digest]
        for name in stale:
            del rows[name]
            xattrs.pop(name, None)
        self._changed |= bool(stale)

    def keep(self, directory: str, name: str, row: Row, xattrs: Xattrs) -> None:
        """Remembers one file."""
        known = self.known(directory)
        known.rows[name] = row
        known.xattrs.pop(name, None)
        if xattrs:
            known.xattrs[name] = xattrs
        self._changed = True

    def recall(self, key: str) -> str | None:
        """A text kept by `remember`."""
        return self._texts.get(key)

    def remember(self, key: str, text: str) -> None:
        """Keeps a text beside the index; the oldest go when there are many."""
        self._texts.pop(key, None)
        self._texts[key] = text
        while len(self._texts) > _MAX_TEXTS:
            del self._texts[next(iter(self._texts))]
        self._changed = True

    def save(self) -> None:
        """Writes the index if it changed; readers see the old file or the new one."""
        if not self._changed:
            return
        self._drop_vanished()
        body = self._pack()
        temporary = f"{self._path}.{os.getpid()}.new"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
            try:
                with open(temporary, "xb") as file:
                    file.write(_MAGIC + _CRC.pack(zlib.crc32(body)) + body)
                os.replace(temporary, self._path)
                self._changed = False
            except OSError:
                os.unlink(temporary)

    def _drop_vanished(self) -> None:
        gone: set[str] = set()
        for directory in sorted({*self._packed, *self._known}):
            parent, _, name = directory.rpartition("/")
            entry = self._listed[parent].get(name) if directory and parent in self._listed else _UNSEEN
            if parent in gone or entry is None or entry.kind is not Kind.DIRECTORY:
                gone.add(directory)
                self._packed.pop(directory, None)
                self._known.pop(directory, None)

    def _pack(self) -> bytes:
        texts = json.dumps(self._texts).encode()
        pieces = [_MEMORY.pack(len(texts)), texts]
        packed = self._packed | {path: _pack_directory(known) for path, known in self._known.items() if known.rows}
        for directory, fields in packed.items():
            path = os.fsencode(directory)
            pieces += (_SIZES.pack(len(path), *map(len, fields)), path, *fields)
        return b"".join(pieces)

    def _unpack(self, data: bytes) -> None:
        at = len(_MAGIC) + _CRC.size
        body = data[at:]
        if data[:at] != _MAGIC + _CRC.pack(zlib.crc32(body)):
            raise ValueError("not an index, or a damaged one")
        at = _MEMORY.size
        end = at + _MEMORY.unpack_from(body)[0]
        self._texts = json.loads(body[at:end])
        while end < len(body):
            sizes = _SIZES.unpack_from(body, end)
            end += _SIZES.size
            fields = []
            for size in sizes:
                fields.append(body[end : end + size])
                end += size
            self._packed[os.fsdecode(fields[0])] = (fields[1], fields[2], fields[3], fields[4])


def is_settled(mtime_ns: int, ctime_ns: int, read_at_ns: int) -> bool:
    """Whether a file with these times, read at `read_at_ns`, cannot change any more without its times telling."""
    return max(mtime_ns, ctime_ns) < read_at_ns - _RACY_NS


def _unpack_directory(names: bytes, stats: bytes, digests: bytes, xattrs: bytes) -> Known:
    listed = os.fsdecode(names).split("\0")
    rows = [
        (*row, digest) for row, (digest,) in zip(_STAT.iter_unpack(stats), _DIGEST.iter_unpack(digests), strict=True)
    ]
    values = {
        name: tuple((key, bytes.fromhex(value)) for key, value in pairs) for name, pairs in json.loads(xattrs).items()
    }
    return Known(dict(zip(listed, rows, strict=False)), values)


def _pack_directory(known: Known) -> Packed:
    names = sorted(known.rows)
    rows = [known.rows[name] for name in names]
    values = {name: [(key, value.hex()) for key, value in pairs] for name, pairs in sorted(known.xattrs.items())}
    digests = b"".join([row[5] for row in rows])
    return os.fsencode("\0".join(names)), _pack_stats([row[:5] for row in rows]), digests, json.dumps(values).encode()


def _pack_stats(stats: Sequence[Stat]) -> bytes:
    return b"".join([_STAT.pack(*stat) for stat in stats])
