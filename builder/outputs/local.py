"""type=local: the merged files of the image in a directory of this machine.

As buildx: everything belongs to who runs the build, root too; what is in the directory already stays unless the image
has the same path; `user.` attributes go along, file capabilities do not.

2026-11-24, other than buildx: a setuid or setgid bit is kept only where the file's owner or group in the image is who
gets it here (buildx makes a file that was setuid for user 33 setuid for root), and devices are left out (buildx makes
them as root, and fails as anybody else): files of an image must not gain rights on the machine that builds it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress

from builder.errors import OutputError
from builder.images.index import Built, ImageIndex
from builder.images.stored import Image
from builder.layers.paths import Cursor
from builder.model.entry import Entry, Kind
from builder.outputs.merged import Item, merged_files, platform_folder
from builder.outputs.types import Means, OutputSpec

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 24
_MODE = 0o1777


class LocalOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._dest = spec.dest
        self._means = means

    def write(self, image: Built) -> None:
        """Several platforms: each in a folder of its own, as buildx has it."""
        if isinstance(image, ImageIndex):
            for one in image.images:
                self._write(one, os.path.join(self._dest, platform_folder(one)))
        else:
            self._write(image, self._dest)

    def _write(self, image: Image, dest: str) -> None:
        with merged_files(image.layers, self._means) as items:
            try:
                os.makedirs(dest, exist_ok=True)
                root_fd = os.open(dest, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError as error:
                raise _failed(dest, error) from error
            try:
                with Cursor(root_fd) as cursor:
                    _Writing(cursor, dest).run(items)
            finally:
                os.close(root_fd)


class _Writing:
    """Every path is opened by its last name in a directory that was reached without passing a symlink."""

    def __init__(self, cursor: Cursor, dest: str) -> None:
        self._cursor = cursor
        self._dest = dest
        self._directories: list[Entry] = []

    def run(self, items: Iterable[Item]) -> None:
        path = ""
        try:
            for entry, opener in items:
                path = entry.path
                self._put(entry, opener)
            for entry in reversed(self._directories):  # only now nothing is made in them any more
                path = entry.path
                self._finish_directory(entry)
        except OSError as error:
            raise _failed(os.path.join(self._dest, path), error) from error

    def _put(self, entry: Entry, opener: Callable[[], int] | None) -> None:
        parent, _, name = entry.path.rpartition("/")
        dir_fd = self._cursor.directory(parent)
        match entry.kind:
            case Kind.DIRECTORY:
                self._directory(entry, dir_fd, name)
                return
            case Kind.CHAR_DEVICE | Kind.BLOCK_DEVICE:
                return
        _clear(dir_fd, name)
        match entry.kind:
            case Kind.FILE:
                _file(entry, opener, dir_fd, name)
            case Kind.SYMLINK:
                os.symlink(entry.link, name, dir_fd=dir_fd)
                _touch(entry, dir_fd, name)
            case Kind.FIFO:
                os.mkfifo(name, _mode(entry), dir_fd=dir_fd)
                _touch(entry, dir_fd, name)
            case Kind.HARDLINK:
                self._hardlink(entry, dir_fd, name)

    def _directory(self, entry: Entry, dir_fd: int, name: str) -> None:
        """A directory that is there stays; anything else of that name, a symlink too, gives way."""
        self._directories.append(entry)
        with suppress(FileNotFoundError):
            mode = os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                if mode & stat.S_IRWXU != stat.S_IRWXU:  # as an earlier output left it
                    os.chmod(name, stat.S_IMODE(mode) | stat.S_IRWXU, dir_fd=dir_fd)
                return
            os.unlink(name, dir_fd=dir_fd)
        os.mkdir(name, 0o700, dir_fd=dir_fd)

    def _finish_directory(self, entry: Entry) -> None:
        fd = self._cursor.directory(entry.path)
        _finish(fd, entry)

    def _hardlink(self, entry: Entry, dir_fd: int, name: str) -> None:
        parent, _, target = entry.link.rpartition("/")
        ours = os.dup(dir_fd)
        try:
            there = self._cursor.directory(parent)
            os.link(target, name, src_dir_fd=there, dst_dir_fd=ours, follow_symlinks=False)
        finally:
            os.close(ours)


def _file(entry: Entry, opener: Callable[[], int] | None, dir_fd: int, name: str) -> None:
    fd = os.open(name, _CREATE, 0o600, dir_fd=dir_fd)
    try:
        if opener:
            content = opener()
            try:
                while os.sendfile(fd, content, None, _CHUNK):
                    pass
            finally:
                os.close(content)
        _finish(fd, entry)
    finally:
        os.close(fd)


def _finish(fd: int, entry: Entry) -> None:
    for name, value in entry.xattrs:
        if name.startswith("user."):
            with suppress(OSError):  # not every filesystem has them
                os.setxattr(fd, name, value)
    os.fchmod(fd, _mode(entry))
    os.utime(fd, (entry.mtime, entry.mtime))


def _mode(entry: Entry) -> int:
    setuid = stat.S_ISUID if entry.uid == os.geteuid() else 0
    setgid = stat.S_ISGID if entry.gid == os.getegid() else 0
    return entry.mode & (_MODE | setuid | setgid)


def _clear(dir_fd: int, name: str) -> None:
    """Makes room for a file. A directory in its place is the user's: it is not removed."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=dir_fd)


def _touch(entry: Entry, dir_fd: int, name: str) -> None:
    os.utime(name, (entry.mtime, entry.mtime), dir_fd=dir_fd, follow_symlinks=False)


def _failed(path: str, error: OSError) -> OutputError:
    hint = "a directory is in the way: remove it first" if error.errno == errno.EISDIR else None
    return OutputError("output-failed", f"{path} cannot be written: {error.strerror}", hint=hint)
