"""Reading files of a context for their digest: what a changed or new file costs."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Sequence

from builder.context.statindex import Row, Xattrs, is_settled
from builder.errors import ContextError
from builder.layers.paths import Cursor
from builder.lean import TYPE_CHECKING, NamedTuple, new_hash, sha256_hex

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: a fifo that took a file's place must not make us wait for a writer."""
_SMALL = 64 << 10
_CHUNK = 1 << 20
_WORTH_A_THREAD = 16 << 20

EMPTY = sha256_hex(b"")


class Wanted(NamedTuple):
    directory: str
    name: str
    size: int


class Content(NamedTuple):
    row: Row
    xattrs: Xattrs
    settled: bool
    """Whether the row may be trusted later on."""


def read_contents(root_fd: int, wanted: Sequence[Wanted]) -> list[Content]:
    """Hashes the files, in order. Large amounts are shared between two threads (hashing and reading release the GIL).
    Raises ContextError for a file that cannot be read, has vanished, or is none any more."""
    if sum(item.size for item in wanted if item.size > _SMALL) < _WORTH_A_THREAD or len(wanted) < 2:
        return _read_all(root_fd, wanted)
    from concurrent.futures import ThreadPoolExecutor

    shares = _two_shares(wanted)
    with ThreadPoolExecutor(len(shares)) as pool:
        parts = list(pool.map(lambda share: _read_all(root_fd, share), shares))
    return [content for part in parts for content in part]


def look_at(root_fd: int, wanted: Sequence[Wanted]) -> list[Content]:
    """As `read_contents` without reading: the digests of the rows are empty."""
    return _read_all(root_fd, wanted, hashed=False)


def unreadable(path: str, error: OSError) -> ContextError:
    """What a person is told when something in the context cannot be read."""
    if error.errno == errno.EACCES:
        hint = "change its permissions, or name it in .dockerignore if the build does not need it"
        return ContextError("unreadable", f"cannot read {path!r} in the build context: permission denied", hint=hint)
    return ContextError(
        "changed-while-reading",
        f"{path!r} changed while the build read its context: {error.strerror}",
        hint="run the build again when nothing writes to the context",
        retryable=True,
    )


def read_xattrs(fd: int) -> Xattrs:
    """The attributes that layers keep: `user.*` and file capabilities, sorted by name."""
    try:
        names = os.listxattr(fd)
        kept = sorted(name for name in names if name.startswith("user.") or name == "security.capability")
        return tuple((name, os.getxattr(fd, name)) for name in kept)
    except OSError:  # the file system has none, or one went away between the two calls
        return ()


def _two_shares(wanted: Sequence[Wanted]) -> list[Sequence[Wanted]]:
    half, seen = sum(item.size for item in wanted) / 2, 0
    for position, item in enumerate(wanted):
        seen += item.size
        if seen >= half:
            cut = min(max(position, 1), len(wanted) - 1)
            return [wanted[:cut], wanted[cut:]]
    return [wanted]


def _read_all(root_fd: int, wanted: Sequence[Wanted], *, hashed: bool = True) -> list[Content]:
    contents = []
    amount = sum(item.size for item in wanted)
    with Cursor(root_fd) as cursor:
        for directory, name, _ in wanted:
            try:
                state = new_hash("sha256", amount) if hashed else None
                contents.append(_read(cursor.directory(directory), name, state))
            except OSError as error:
                raise unreadable(f"{directory}/{name}".lstrip("/"), error) from error
    return contents


def _read(directory_fd: int, name: str, state: Hash | None) -> Content:
    read_at = time.time_ns()
    fd = os.open(name, _READ, dir_fd=directory_fd)
    try:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(0, "it is not a file any more")
        digest, size = b"", info.st_size
        if state is not None:
            digest, size = _hash_small(fd, state) if info.st_size < _SMALL else _hash_large(fd, state)
        row = (size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_mode, digest)
        return Content(row, read_xattrs(fd), is_settled(info.st_mtime_ns, info.st_ctime_ns, read_at))
    finally:
        os.close(fd)


def _hash_small(fd: int, state: Hash) -> tuple[bytes, int]:
    data = os.read(fd, _SMALL)
    if len(data) == _SMALL:  # it grew since
        os.lseek(fd, 0, os.SEEK_SET)
        return _hash_large(fd, state)
    state.update(data)
    return state.digest(), len(data)


def _hash_large(fd: int, state: Hash) -> tuple[bytes, int]:
    buffer, size = memoryview(bytearray(_CHUNK)), 0
    while count := os.readv(fd, [buffer]):
        state.update(buffer[:count])
        size += count
    return state.digest(), size
