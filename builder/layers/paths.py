"""Opening files inside a directory that others have filled: no path leaves it, whatever its symlinks say.

`open_beneath` gives the question to the kernel (`openat2(2)`, Linux 5.6). Where that call is missing, refused by
a seccomp filter, or given a path longer than PATH_MAX, the same answer comes from a walk that opens one part at
a time, never through a symlink, and expands symlinks by itself. `Cursor` is for many paths in a row.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable

from builder.lean import NamedTuple

_OPENAT2 = 437
"""The same number on every architecture but alpha."""
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_NO_SYMLINKS = 0x04
_RESOLVE_IN_ROOT = 0x10

_PATH_MAX = 4096
_MAX_SYMLINKS = 40
_RETRIES = 16
"""`openat2` answers EAGAIN when something was renamed while it resolved a `..`; then the walk takes over."""

_STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC

_Openat2 = Callable[[int, bytes, int, int, int], int]
"""Directory, path, flags, mode, resolve flags to a file descriptor; raises OSError."""


def open_beneath(root_fd: int, path: str, flags: int, mode: int = 0, *, nofollow: bool = False) -> int:
    """Opens `path` as if `root_fd` were the root directory, and returns the (close-on-exec) file descriptor.

    `..` above the root stays at the root, absolute paths and absolute symlinks start at the root, the empty path
    is the root. With `nofollow` any symlink on the way is refused (ELOOP); a last part that is a symlink can then
    only be had as itself, by O_PATH|O_NOFOLLOW. Raises OSError as `open` does.
    """
    encoded = os.fsencode(path) or b"."
    if b"\0" in encoded:
        raise OSError(errno.EINVAL, "a path holds a NUL byte", path)
    call = _openat2()
    if call is None or len(encoded) >= _PATH_MAX:
        return open_by_walk(root_fd, path, flags, mode, nofollow=nofollow)
    resolve = _RESOLVE_IN_ROOT | (_RESOLVE_NO_SYMLINKS if nofollow else _RESOLVE_NO_MAGICLINKS)
    for _ in range(_RETRIES):
        try:
            return call(root_fd, encoded, flags | os.O_CLOEXEC, mode, resolve)
        except OSError as error:
            if error.errno == errno.EAGAIN and not flags & os.O_NONBLOCK:
                continue
            raise OSError(error.errno, error.strerror, path) from None
    return open_by_walk(root_fd, path, flags, mode, nofollow=nofollow)


def open_by_walk(root_fd: int, path: str, flags: int, mode: int = 0, *, nofollow: bool = False) -> int:
    """`open_beneath` without `openat2`: for older kernels and for paths of any length.

    One part at a time is opened without following. `..` is followed on disk, but only if it leads to the very
    directory that the walk came through, so that a directory moved away meanwhile does not lead outside.
    """
    walk = _Walk(root_fd)
    try:
        pending = _parts(os.fsencode(path))
        followed = 0
        while True:
            name = pending.pop()
            if pending:
                target = walk.step(name)
            else:
                target = None if flags & os.O_NOFOLLOW else walk.link_target(name)
                if target is None or (flags & os.O_CREAT and flags & os.O_EXCL):
                    return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=walk.fd)
            if target is None:
                continue
            followed += 1
            if nofollow or followed > _MAX_SYMLINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith(b"/"):
                walk.restart()
            pending += _parts(target)
    finally:
        walk.close()


def _parts(path: bytes) -> list[bytes]:
    """The parts of `path` in reverse. A `..` and a trailing slash mean a directory: `.` is then the last part."""
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if not parts or path.endswith((b"/", b"/.")) or parts[-1] == b"..":
        parts.append(b".")
    return parts[::-1]


class _Walk:
    """A position below a root: one open directory, and the identities of those that led to it."""

    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._above: list[tuple[int, int]] = []
        self.fd = os.open(".", _STEP | os.O_DIRECTORY, dir_fd=root_fd)

    def close(self) -> None:
        os.close(self.fd)

    def restart(self) -> None:
        self._enter(os.open(".", _STEP | os.O_DIRECTORY, dir_fd=self._root_fd))
        self._above.clear()

    def step(self, name: bytes) -> bytes | None:
        """Goes into the directory `name` and returns None, or stays and returns the text of the symlink `name`."""
        if name == b".":
            return None
        if name == b"..":
            self._up()
            return None
        fd = os.open(name, _STEP, dir_fd=self.fd)
        try:
            kind = stat.S_IFMT(os.fstat(fd).st_mode)
            if kind == stat.S_IFLNK:
                return os.readlink(b"", dir_fd=fd)
            if kind != stat.S_IFDIR:
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fsdecode(name))
            self._above.append(_identity(self.fd))
            self.fd, fd = fd, self.fd
        finally:
            os.close(fd)
        return None

    def link_target(self, name: bytes) -> bytes | None:
        """The text of the symlink `name`; None if it is something else or absent."""
        try:
            return os.readlink(name, dir_fd=self.fd)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            raise

    def _up(self) -> None:
        if not self._above:
            return
        self._enter(open_parent(self.fd, self._above.pop()))

    def _enter(self, fd: int) -> None:
        os.close(self.fd)
        self.fd = fd


def _identity(fd: int) -> tuple[int, int]:
    info = os.fstat(fd)
    return info.st_dev, info.st_ino


def open_parent(fd: int, expected: tuple[int, int]) -> int:
    """The parent of the directory `fd`, which must be the directory `expected` (device, inode): EXDEV otherwise."""
    parent = os.open("..", _STEP | os.O_DIRECTORY, dir_fd=fd)
    if _identity(parent) == expected:
        return parent
    os.close(parent)
    raise OSError(errno.EXDEV, "a directory was moved while it was walked")


class _Level(NamedTuple):
    name: str
    fd: int
    """-1 where it was given back, to stay below the limit of open files."""
    identity: tuple[int, int]


class Cursor:
    """Keeps the directory of the last path open, so that a run of neighbouring paths costs one open each, also
    10,000 directories deep. Never passes a symlink. Closed by `close`; the root stays the caller's."""

    _KEPT = 64

    def __init__(self, root_fd: int) -> None:
        self._root = _Level("", root_fd, _identity(root_fd))
        self._levels: list[_Level] = []
        self._path = ""

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for level in self._levels:
            if level.fd >= 0:
                os.close(level.fd)
        self._levels.clear()
        self._path = ""

    def directory(self, path: str) -> int:
        """A file descriptor (fit for `dir_fd=`, `os.scandir`, `os.fsync`) of the directory `path`, which is clean as
        `Entry.path` is. It belongs to the cursor and holds until the next call. OSError ENOTDIR for a symlink."""
        if path != self._path:
            self._leave_to(self._shared_depth(path))
            rest = path[len(self._path) :].lstrip("/")
            for part in rest.split("/") if rest else ():
                self._enter(part)
        return self._levels[-1].fd if self._levels else self._root.fd

    def _shared_depth(self, path: str) -> int:
        """How many levels of the current directory lead to `path` too."""
        if not self._levels or path.startswith(self._path + "/"):
            return len(self._levels)  # the usual ways, down and up, must not cost a comparison of every level
        if not path:
            return 0
        if self._path.startswith(path + "/"):
            return path.count("/") + 1
        shared = 0
        for level, part in zip(self._levels, path.split("/"), strict=False):
            if level.name != part:
                break
            shared += 1
        return shared

    def forget(self, path: str) -> None:
        """Must be called before the directory `path` (or one above it) is removed or replaced."""
        if self._path == path or self._path.startswith(path + "/"):
            self._leave_to(path.count("/"))

    def _enter(self, name: str) -> None:
        above = self._levels[-1] if self._levels else self._root
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above.fd)
        self._levels.append(_Level(name, fd, _identity(fd)))
        self._path = f"{self._path}/{name}" if self._path else name
        old = len(self._levels) - 1 - self._KEPT
        if old >= 0 and self._levels[old].fd >= 0:
            os.close(self._levels[old].fd)
            self._levels[old] = self._levels[old]._replace(fd=-1)

    def _leave_to(self, depth: int) -> None:
        while len(self._levels) > depth:
            level = self._levels.pop()
            above = self._levels[-1] if self._levels else self._root
            try:
                if above.fd < 0:
                    self._levels[-1] = above._replace(fd=_reopen(open_parent(level.fd, above.identity)))
            finally:
                os.close(level.fd)
            self._path = self._path[: -len(level.name)].removesuffix("/")


def _reopen(path_fd: int) -> int:
    try:
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=path_fd)
    finally:
        os.close(path_fd)


_probed: list[_Openat2 | None] = []


def _openat2() -> _Openat2 | None:
    """The system call, or None where it cannot be used; found out once."""
    if not _probed:
        _probed.append(_load_openat2())
    return _probed[0]


def _load_openat2() -> _Openat2 | None:
    import ctypes

    class OpenHow(ctypes.Structure):
        _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))

    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    size = ctypes.c_size_t(ctypes.sizeof(OpenHow))
    number = ctypes.c_long(_OPENAT2)

    def call(dir_fd: int, path: bytes, flags: int, mode: int, resolve: int) -> int:
        creates = flags & os.O_CREAT or flags & os.O_TMPFILE == os.O_TMPFILE
        how = OpenHow(flags, mode if creates else 0, resolve)
        while True:
            fd = syscall(number, ctypes.c_int(dir_fd), path, ctypes.byref(how), size)
            if fd >= 0:
                return int(fd)
            code = ctypes.get_errno()
            if code != errno.EINTR:
                raise OSError(code, os.strerror(code))

    root_fd = os.open("/", _STEP)
    try:
        os.close(call(root_fd, b".", _STEP, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS))
    except OSError:
        return None
    finally:
        os.close(root_fd)
    return call
