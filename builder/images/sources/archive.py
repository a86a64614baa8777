"""Reading single files out of a tar archive, compressed or not, without unpacking it."""

from __future__ import annotations

import io
import lzma
import posixpath
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from builder.errors import ImageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MOST_MEMBERS = 100_000
_MOST_LINKS = 8
_DAMAGES = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)


class Archive:
    """The regular files of an archive by cleaned name. Safe to share between threads: each opened file is its own."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._members: dict[str, tarfile.TarInfo] | None = None

    def open(self, name: str) -> BinaryIO:
        """The file `name`, links within the archive followed (docker save writes a layer that occurs twice so).
        Raises KeyError when there is no such file. Closing it closes all that was opened."""
        member = self._member(name)
        archive = self._open_tar()
        try:
            content = archive.extractfile(member)
        except _DAMAGES as error:
            archive.close()
            raise _damaged(self.path, error) from error
        if content is None:
            archive.close()
            raise KeyError(name)
        return cast("BinaryIO", io.BufferedReader(_Content(content, archive, self.path), 1 << 18))

    def _member(self, name: str) -> tarfile.TarInfo:
        members = self._members if self._members is not None else self._list()
        for _ in range(_MOST_LINKS):
            member = members[_clean(name)]
            if member.isreg():
                return member
            if not member.issym() and not member.islnk():
                break
            name = posixpath.join(posixpath.dirname(name), member.linkname) if member.issym() else member.linkname
        raise KeyError(name)

    def _list(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        try:
            with self._open_tar() as archive:
                for member in archive:
                    members[_clean(member.name)] = member
                    if len(members) > _MOST_MEMBERS:
                        raise ImageError("bad-archive", f"{self.path} has more than {_MOST_MEMBERS} members")
        except _DAMAGES as error:
            raise _damaged(self.path, error) from error
        self._members = members
        return members

    def _open_tar(self) -> tarfile.TarFile:
        try:
            return tarfile.open(self.path, "r:*")
        except _DAMAGES as error:
            raise _damaged(self.path, error) from error


class _Content(io.RawIOBase):
    """A member's content; damages have a name, and closing it closes the archive."""

    def __init__(self, content: IO[bytes], archive: tarfile.TarFile, path: str) -> None:
        super().__init__()
        self._content = content
        self._archive = archive
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._content.read(len(view))
        except _DAMAGES as error:
            raise _damaged(self._path, error) from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        self._archive.close()


def _damaged(path: str, error: Exception) -> ImageError:
    return ImageError("bad-archive", f"{path} is not a readable tar archive: {error}")


def _clean(name: str) -> str:
    return posixpath.normpath(name).lstrip("/")
