"""Tar headers for entries: POSIX ustar (IEEE 1003.1, pax) with extended records only where ustar has no room.

The same entry gives the same bytes, always: no clock, no user names, records sorted, fields that a record
overrides are zero. Names that are not UTF-8 stand as raw bytes in either place, which GNU tar, bsdtar, Go's
archive/tar and Python read back unchanged. Extended attributes are `SCHILY.xattr.NAME` as everywhere.
"""

from __future__ import annotations

import os
import struct
from functools import lru_cache
from zlib import adler32

from builder.errors import LayerError
from builder.model.entry import Entry, Kind

BLOCK = 512
WHITEOUT_PREFIX = ".wh."
OPAQUE_NAME = ".wh..wh..opq"
"""OCI image-spec, layer.md, section Whiteouts."""

XATTR_RECORD = "SCHILY.xattr."
END_OF_ARCHIVE = bytes(2 * BLOCK)

_LAYOUT = struct.Struct("100s 24s 12s 12s 8x c 100s 8s 64x 16s 155s 12x")
"""Name, mode with ids, size, mtime, (checksum), type, link, magic, (names), device, prefix."""

_MAGIC = b"ustar\x0000"
_NAME_ROOM = 100
_PREFIX_ROOM = 155
_SIZE_ROOM = 8**11
_ID_ROOM = 8**7

_TYPES = {
    Kind.FILE: b"0",
    Kind.HARDLINK: b"1",
    Kind.SYMLINK: b"2",
    Kind.CHAR_DEVICE: b"3",
    Kind.BLOCK_DEVICE: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
    Kind.WHITEOUT: b"0",
    Kind.OPAQUE: b"0",
}
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)

Records = dict[bytes, bytes]


def header(entry: Entry) -> bytes:
    """All header blocks of `entry`; its content, padded to whole blocks, has to follow.

    Markers carry no metadata, as containerd writes them. Raises LayerError `bad-name` for what an archive cannot
    say: a name that would be read as a whiteout, an attribute's name with `=`.
    """
    kind = entry.kind
    records: Records = {}
    if kind in _MARKERS:
        entry = Entry(entry.path, kind)
    name, prefix = _placed(_archive_name(entry), records)
    link = os.fsencode(entry.link)
    if len(link) > _NAME_ROOM:
        records[b"linkpath"] = link
        link = link[:_NAME_ROOM]
    if entry.xattrs:
        _record_xattrs(entry, records)
    uid = _fitting(b"uid", entry.uid, _ID_ROOM, records)
    gid = _fitting(b"gid", entry.gid, _ID_ROOM, records)
    size = entry.size if kind is Kind.FILE else 0
    block = bytearray(
        _LAYOUT.pack(
            name,
            _owner(entry.mode, uid, gid),
            b"%011o" % _fitting(b"size", size, _SIZE_ROOM, records),
            b"%011o" % _fitting(b"mtime", entry.mtime, _SIZE_ROOM, records),
            _TYPES[kind],
            link,
            _MAGIC,
            b"%07o\0%07o\0" % entry.device if entry.device != (0, 0) else b"",
            prefix,
        )
    )
    _seal(block)
    return _extended(records) + block if records else bytes(block)


def padding(size: int) -> bytes:
    """What fills the last block of a content of `size` bytes."""
    return bytes(-size % BLOCK)


def _archive_name(entry: Entry) -> bytes:
    parent, slash, name = entry.path.rpartition("/")
    if entry.kind is Kind.WHITEOUT:
        return os.fsencode(f"{parent}{slash}{WHITEOUT_PREFIX}{name}")
    if entry.kind is Kind.OPAQUE:
        return os.fsencode(f"{entry.path}/{OPAQUE_NAME}" if entry.path else OPAQUE_NAME)
    if name.startswith(WHITEOUT_PREFIX):
        raise LayerError(
            "bad-name",
            f"{entry.path!r} cannot go into a layer: there, names with {WHITEOUT_PREFIX!r} in front mean deleted files",
            hint="rename or remove the file",
        )
    if entry.kind is Kind.CHAR_DEVICE and entry.device == (0, 0):
        raise LayerError(
            "bad-name",
            f"{entry.path!r} cannot go into a layer: to overlays, a character device 0:0 means a deleted file",
            hint="remove the device",
        )
    if entry.kind is Kind.DIRECTORY:
        return os.fsencode(entry.path or ".") + b"/"
    return os.fsencode(entry.path)


def _placed(name: bytes, records: Records) -> tuple[bytes, bytes]:
    """`name` for the fields name and prefix, or else for a record."""
    if len(name) <= _NAME_ROOM:
        return name, b""
    cut = name.find(b"/", max(len(name) - _NAME_ROOM - 1, 1), _PREFIX_ROOM + 1)
    if 0 < cut < len(name) - 1:
        return name[cut + 1 :], name[:cut]
    records[b"path"] = name
    return name[:_NAME_ROOM], b""


def _fitting(key: bytes, number: int, room: int, records: Records) -> int:
    if 0 <= number < room:
        return number
    records[key] = b"%d" % number
    return 0


@lru_cache(maxsize=1024)
def _owner(mode: int, uid: int, gid: int) -> bytes:
    return b"%07o\0%07o\0%07o\0" % (mode & 0o7777, uid, gid)


def _record_xattrs(entry: Entry, records: Records) -> None:
    for name, value in entry.xattrs:
        if "=" in name:
            raise LayerError("bad-name", f"{entry.path!r} has the extended attribute {name!r}: `=` cannot be archived")
        records[os.fsencode(XATTR_RECORD + name)] = value


def _extended(records: Records) -> bytes:
    """A pax extended header (type x) with `records`."""
    body = b"".join(_record(key, records[key]) for key in sorted(records))
    block = bytearray(
        _LAYOUT.pack(
            b"././@PaxHeader", _owner(0o644, 0, 0), b"%011o" % len(body), b"%011o" % 0, b"x", b"", _MAGIC, b"", b""
        )
    )
    _seal(block)
    return bytes(block) + body + padding(len(body))


def _record(key: bytes, value: bytes) -> bytes:
    """`LENGTH KEY=VALUE\\n`, where LENGTH counts itself."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, key, value)


def _seal(block: bytearray) -> None:
    """Writes the checksum: the sum of all bytes, its own field taken as blanks.

    Adler-32 begins with the sum of the bytes modulo 65521, which half a block cannot reach: far faster than `sum`.
    """
    block[148:156] = b"        "
    total = (adler32(block[:256]) & 0xFFFF) + (adler32(block[256:]) & 0xFFFF) - 2
    block[148:156] = b"%06o\0 " % total
