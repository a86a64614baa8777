"""Reading any tar as it comes: one reader for layers and for users' archives.

Our own, because tarfile takes 60 us a member (this: 10), accepts numbers that no tar program writes, and builds
lists of all members. Read: V7, ustar, pax (extended headers; sparse formats 0.0, 0.1, 1.0), GNU (long names,
base-256 numbers, old sparse), star's and libarchive's extended attributes. As Go's archive/tar, and so BuildKit:
global pax headers are passed over, links and directories have no content whatever their size says, an archive may
end without its two empty blocks but not within a member.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from zlib import adler32

from builder.errors import LayerError
from builder.layers import sparse
from builder.layers.header import BLOCK, XATTR_RECORD
from builder.layers.sparse import Extent
from builder.layers.streams import Readable
from builder.model.entry import Kind

_LAYOUT = struct.Struct("100s8s8s8s12s12s8sc100s8s64x8s8s155s12x")
_READ_AHEAD = 1 << 20
_META_LIMIT = 1 << 20
"""Go's limit for extended headers and long names; the longest real ones are extended attributes of 64 KiB."""
_NUMBER_LIMIT = 1 << 63
_TIME_LIMIT = 1 << 92
"""In nanoseconds: seconds that the kernel's 64 bits hold."""

_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,  # contiguous: a hint for file systems of the 1980s
    b"S": Kind.FILE,  # GNU sparse
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHAR_DEVICE,
    b"4": Kind.BLOCK_DEVICE,
    b"5": Kind.DIRECTORY,
    b"D": Kind.DIRECTORY,  # GNU incremental: the content is a listing
    b"6": Kind.FIFO,
}
_WITH_CONTENT = (Kind.FILE,)
_LABEL, _GLOBAL, _EXTENDED, _OLD_EXTENDED = b"V", b"g", b"x", b"X"
_LONG_NAME, _LONG_LINK = b"L", b"K"

Records = dict[bytes, bytes]


class Member(NamedTuple):
    """One member as the archive says it; nothing about its names has been judged."""

    name: bytes
    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    """Of the content as it is to be on disk, holes included."""
    mtime_ns: int
    link: bytes
    device: tuple[int, int]
    xattrs: tuple[tuple[bytes, bytes], ...]
    extents: tuple[Extent, ...] | None
    """Where the stored bytes go; None: one run of `size` bytes."""

    @property
    def stored(self) -> int:
        """How many bytes of content the archive holds."""
        return self.size if self.extents is None else sum(extent.length for extent in self.extents)


class FileSource:
    """A file from its beginning, read without moving its position; the descriptor stays the caller's."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._at = 0

    def read(self, size: int, /) -> bytes:
        data = os.pread(self._fd, size, self._at)
        self._at += len(data)
        return data

    def skip(self, count: int) -> bool:
        """Passes over `count` bytes; False if there are fewer."""
        self._at += count
        return self._at <= os.fstat(self._fd).st_size


class MemberReader:
    """Iterates over members; `content` gives the bytes of the one that came last, as far as they are wanted."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._buffer = b""
        self._at = 0
        self._before = 0
        self._left = 0
        self._padding = 0

    @property
    def position(self) -> int:
        """How many bytes of the archive have been consumed: after a member, where its stored bytes begin."""
        return self._before + self._at

    def __iter__(self) -> Iterator[Member]:
        while (block := self._next_header()) is not None:
            member = self._member(block)
            if member:
                yield member

    def content(self, chunk: int = 1 << 20) -> Iterator[bytes]:
        """The stored bytes in pieces of at most `chunk`; LayerError `truncated-archive` where they are missing."""
        while self._left:
            piece = self._some(min(self._left, chunk))
            self._left -= len(piece)
            yield piece

    def drain(self) -> None:
        """Reads to the end of the source, so that whoever counts or hashes it has seen everything."""
        self._buffer = b""
        self._at = 0
        while self._source.read(_READ_AHEAD):
            pass

    def _next_header(self) -> bytes | None:
        """The next header block; None at the end. What was left of the last content is passed over."""
        if self._left:
            self._pass_over()
        if self._padding:
            self._take(self._padding)
            self._padding = 0
        block = self._upto(BLOCK)
        if not block or block == _EMPTY:
            return None
        if len(block) < BLOCK:
            raise _truncated()
        return block

    def _pass_over(self) -> None:
        held = len(self._buffer) - self._at
        if isinstance(self._source, FileSource) and self._left > held:
            if not self._source.skip(self._left - held):
                raise _truncated()
            self._before += self._at + self._left
            self._buffer, self._at, self._left = b"", 0, 0
        for _ in self.content():
            pass

    def _member(self, block: bytes) -> Member | None:
        """The member that begins with `block`; extended headers before it are read; None if it is none at all."""
        records: Records = {}
        pairs: list[tuple[bytes, bytes]] = []
        while True:
            fields = _checked(block)
            flag = fields[7]
            if flag in (_EXTENDED, _OLD_EXTENDED):
                pairs = _records(self._meta(fields))
                records |= ((key, value) for key, value in pairs if value or key.startswith(_SCHILY))
            elif flag == _LONG_NAME:
                records[b"path"] = self._meta(fields).partition(b"\0")[0]
            elif flag == _LONG_LINK:
                records[b"linkpath"] = self._meta(fields).partition(b"\0")[0]
            elif flag in (_GLOBAL, _LABEL):
                self._meta(fields)
            else:
                return self._real_member(block, fields, records, pairs)
            following = self._next_header()
            if following is None:
                return None
            block = following

    def _real_member(
        self, block: bytes, fields: tuple[bytes, ...], records: Records, pairs: list[tuple[bytes, bytes]]
    ) -> Member:
        member = _parsed(fields, records)
        if member.kind in _WITH_CONTENT:
            self._left, self._padding = member.size, -member.size % BLOCK
            if fields[7] == b"S":
                size = _number(block[483:495])
                member = member._replace(size=size, extents=sparse.old_map(block, lambda: self._take(BLOCK)))
            elif b"GNU.sparse.major" in records or b"GNU.sparse.size" in records:
                member = self._pax_sparse(member, records, pairs)
            if member.extents is not None:
                sparse.check(member.extents, member.size, self._left)
        return member

    def _pax_sparse(self, member: Member, records: Records, pairs: list[tuple[bytes, bytes]]) -> Member:
        name = records.get(b"GNU.sparse.name", member.name)
        size = _decimal(records.get(b"GNU.sparse.realsize", records.get(b"GNU.sparse.size", b"")))
        if records.get(b"GNU.sparse.major") == b"1":
            extents = sparse.leading_map(self._content_block)
        else:
            extents = sparse.pax_map(pairs)
        return member._replace(name=name, size=size, extents=extents)

    def _content_block(self) -> bytes:
        if self._left < BLOCK:
            raise _bad("a sparse map does not end")
        self._left -= BLOCK
        return self._take(BLOCK)

    def _meta(self, fields: tuple[bytes, ...]) -> bytes:
        """The content of an extended header or long name."""
        size = _number(fields[4])
        if not 0 <= size <= _META_LIMIT:
            raise _bad(f"an extended header of {size} bytes")
        data = self._take(size)
        self._padding = -size % BLOCK
        return data

    def _take(self, size: int) -> bytes:
        data = self._upto(size)
        if len(data) < size:
            raise _truncated()
        return data

    def _upto(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end of the source."""
        if len(self._buffer) - self._at < size:
            self._refill(size)
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        return data

    def _some(self, size: int) -> bytes:
        """At least one byte and at most `size`, without copying more than must be."""
        if self._at == len(self._buffer):
            self._refill(1)
            if not self._buffer:
                raise _truncated()
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        return data

    def _refill(self, size: int) -> None:
        self._before += self._at
        pieces = [self._buffer[self._at :]]
        have = len(pieces[0])
        self._at = 0
        while have < size:
            piece = self._source.read(_READ_AHEAD)
            if not piece:
                break
            pieces.append(piece)
            have += len(piece)
        self._buffer = b"".join(pieces)


_EMPTY = bytes(BLOCK)
_SCHILY = XATTR_RECORD.encode()
_LIBARCHIVE = b"LIBARCHIVE.xattr."


def _checked(block: bytes) -> tuple[bytes, ...]:
    """The fields of a header whose checksum is right, signed bytes being allowed as old programs summed them."""
    total = (adler32(block[:256]) & 0xFFFF) + (adler32(block[256:]) & 0xFFFF) - 2  # see header._seal
    own = block[148:156]
    total += 8 * 0x20 - sum(own)
    fields: tuple[bytes, ...] = _LAYOUT.unpack(block)
    if _number(own) != total:
        signed = sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:]) + 8 * 0x20
        if _number(own) != signed:
            raise _bad("a header whose checksum is wrong, or no tar archive at all")
    return fields


def _parsed(fields: tuple[bytes, ...], records: Records) -> Member:
    name, mode, uid, gid, size, mtime, _, flag, link, magic, major, minor, prefix = fields
    kind = _KINDS.get(flag)
    if kind is None:
        raise LayerError("unsupported-member", f"an archive has a member of type {flag!r}, which is unknown here")
    name = name.partition(b"\0")[0]
    if magic == b"ustar\x0000" and prefix[0]:
        name = prefix.partition(b"\0")[0] + b"/" + name
    name = records.get(b"path", name)
    link = records.get(b"linkpath", link.partition(b"\0")[0])
    if b"\0" in name or b"\0" in link:
        raise _bad("a name with a NUL byte")
    if flag == b"\0" and name.endswith(b"/"):
        kind = Kind.DIRECTORY  # V7 had no other sign
    devices = kind in (Kind.CHAR_DEVICE, Kind.BLOCK_DEVICE)
    return Member(
        name=name,
        kind=kind,
        mode=_number(mode) & 0o7777,
        uid=_limited(_decimal(records[b"uid"]) if b"uid" in records else _number(uid), 2**32 - 1, "user id"),
        gid=_limited(_decimal(records[b"gid"]) if b"gid" in records else _number(gid), 2**32 - 1, "group id"),
        size=_limited(_decimal(records[b"size"]) if b"size" in records else _number(size), _NUMBER_LIMIT, "size")
        if kind in _WITH_CONTENT
        else 0,
        mtime_ns=_limited_time(_time(records[b"mtime"]) if b"mtime" in records else _number(mtime) * 1_000_000_000),
        link=link,
        device=(_limited(_number(major), 2**12, "device"), _limited(_number(minor), 2**20, "device"))
        if devices
        else (0, 0),
        xattrs=_xattrs(records) if records else (),
        extents=None,
    )


def _number(field: bytes) -> int:
    """An octal number, padded by blanks and NULs, or GNU's base-256."""
    first = field[0]
    if first & 0x80:
        value = int.from_bytes(field, "big")
        return value - (1 << 8 * len(field)) if first == 0xFF else value ^ (0x80 << 8 * (len(field) - 1))
    text = field.strip(b" \0").partition(b"\0")[0]
    if not text:
        return 0
    if not text.isdigit():  # int() would take signs, underscores and prefixes too
        raise _bad(f"{text[:20]!r} where a number should be")
    try:
        return int(text, 8)
    except ValueError as error:
        raise _bad(f"{text[:20]!r} where a number should be") from error


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise _bad(f"{text[:20]!r} where a number should be")
    return int(text)


def _time(text: bytes) -> int:
    """Seconds with a fraction, as pax writes times, in nanoseconds."""
    seconds, _, fraction = text.partition(b".")
    negative = seconds.startswith(b"-")
    whole = _decimal(seconds.removeprefix(b"-"))
    nanoseconds = _decimal(fraction[:9].ljust(9, b"0"))
    value = whole * 1_000_000_000 + nanoseconds
    return -value if negative else value


def _limited(value: int, limit: int, what: str) -> int:
    if not 0 <= value < limit:
        raise _bad(f"a {what} of {value}")
    return value


def _limited_time(value: int) -> int:
    if abs(value) >= _TIME_LIMIT:
        raise _bad("a time out of all bounds")
    return value


def _records(body: bytes) -> list[tuple[bytes, bytes]]:
    """The `LENGTH KEY=VALUE\\n` records of an extended header, in order."""
    found = []
    at = 0
    while at < len(body) and body[at] != 0:  # some programs pad by NULs
        blank = body.find(b" ", at, at + 20)
        length = _decimal(body[at:blank]) if blank > 0 else 0
        record = body[blank + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if not record.endswith(b"\n") or not equals or at + length > len(body):
            raise _bad("an extended header that cannot be read")
        found.append((key, value))
        at += length
    return found


def _xattrs(records: Records) -> tuple[tuple[bytes, bytes], ...]:
    found: Records = {}
    for key, value in records.items():
        if key.startswith(_LIBARCHIVE):  # name in URL form, value in base64; star's form beside it wins
            try:
                decoded = base64.b64decode(value + b"=" * (-len(value) % 4))
            except ValueError as error:
                raise _bad("an extended attribute that cannot be read") from error
            found.setdefault(unquote_to_bytes(key.removeprefix(_LIBARCHIVE)), decoded)
    found |= {key.removeprefix(_SCHILY): value for key, value in records.items() if key.startswith(_SCHILY)}
    return tuple(sorted(found.items()))


def _bad(what: str) -> LayerError:
    return LayerError("bad-archive", f"an archive is damaged: {what}")


def _truncated() -> LayerError:
    return LayerError("truncated-archive", "an archive ends within a member", hint="it was not copied whole")
