"""Reading single files out of a tar archive, compressed or not, without unpacking it.

Names are only looked up, never opened on this machine: an archive may call its members and point its links wherever
it likes.
"""

from __future__ import annotations

import io
import os
import posixpath
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from builder.errors import ImageError, LayerError
from builder.layers.compress import MAGIC_SIZE, decompress, sniff
from builder.layers.members import FileSource, Member, MemberReader
from builder.layers.streams import Readable
from builder.model.entry import Kind

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_MEMBERS = 100_000
_MOST_LINKS = 8
_CHUNK = 1 << 18


class _Place(NamedTuple):
    """Where a member's content stands in the archive, once that is decompressed; or what it links to."""

    position: int
    size: int
    link: str = ""


class Archive:
    """The regular files of an archive by cleaned name. Safe to share between threads: each opened file is its own.
    Out of a compressed archive every one costs reading from the beginning: who wants many decompresses it first."""

    def __init__(self, path: str, fd: int = -1) -> None:
        """`fd` stands for the file at `path`, which is only its name then; it stays the caller's."""
        self.path = path
        self._fd = fd
        self._members: dict[str, _Place] | None = None

    def open(self, name: str) -> BinaryIO:
        """The file `name`, links within the archive followed (docker save writes a layer that occurs twice so).
        Raises KeyError when there is no such file. Closing it closes all that was opened."""
        place = self._place(name)
        return cast("BinaryIO", io.BufferedReader(_Content(self._open(), place, self.path), _CHUNK))

    def size(self, name: str) -> int | None:
        """None where there is no such file."""
        try:
            return self._place(name).size
        except KeyError:
            return None

    def _place(self, name: str) -> _Place:
        members = self._members if self._members is not None else self._list()
        for _ in range(_MOST_LINKS):
            place = members[_clean(name)]
            if not place.link:
                return place
            name = place.link
        raise KeyError(name)

    def _list(self) -> dict[str, _Place]:
        members: dict[str, _Place] = {}
        fd = self._open()
        try:
            reader = MemberReader(decompress(FileSource(fd)) if _is_compressed(fd) else FileSource(fd))
            for member in reader:
                name = os.fsdecode(member.name)
                members[_clean(name)] = _placed(member, name, reader.position)
                if len(members) > _MOST_MEMBERS:
                    raise ImageError("bad-archive", f"{self.path} has more than {_MOST_MEMBERS} members")
        except LayerError as error:
            raise _damaged(self.path, error) from error
        finally:
            os.close(fd)
        self._members = members = {name: place for name, place in members.items() if place.size >= 0}
        return members

    def _open(self) -> int:
        if self._fd >= 0:
            return os.dup(self._fd)  # its position does not matter
        try:
            return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ImageError("unreadable", f"{self.path} cannot be read: {error.strerror}") from error


class _Content(io.RawIOBase):
    """A member's content. Takes over the descriptor of the archive."""

    def __init__(self, fd: int, place: _Place, path: str) -> None:
        super().__init__()
        self._fd = fd
        self._path = path
        self._left = place.size
        source = FileSource(fd)
        self._source: Readable = source
        self._pass_over = 0
        if _is_compressed(fd):
            self._source, self._pass_over = decompress(source), place.position
        else:
            source.skip(place.position)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            while self._pass_over:
                self._pass_over -= len(self._some(min(self._pass_over, _CHUNK)))
            data = self._some(min(len(view), self._left)) if self._left else b""
        except LayerError as error:
            raise _damaged(self._path, error) from error
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def _some(self, size: int) -> bytes:
        data = self._source.read(size)
        if not data:
            raise ImageError("bad-archive", f"{self._path} ends within a file")
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()


def _placed(member: Member, name: str, position: int) -> _Place:
    """Of what is neither file nor link, one of negative size."""
    link = os.fsdecode(member.link)
    if member.kind is Kind.FILE and member.extents is None:
        return _Place(position, member.size)
    if member.kind is Kind.SYMLINK:
        return _Place(0, 0, posixpath.join(posixpath.dirname(name), link))
    return _Place(0, 0, link) if member.kind is Kind.HARDLINK else _Place(0, -1)


def _is_compressed(fd: int) -> bool:
    return bool(sniff(os.pread(fd, MAGIC_SIZE, 0)))


def _damaged(path: str, error: Exception) -> ImageError:
    return ImageError("bad-archive", f"{path} is not a readable tar archive: {error}")


def _clean(name: str) -> str:
    return posixpath.normpath(name).lstrip("/")
