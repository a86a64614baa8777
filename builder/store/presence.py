"""Who has the store open since when, so that what is removed beside them is nothing that they use.

Whoever opens the store locks one byte of `locks/store` for reading: the byte whose number is the time, in milliseconds
since 1970. Such locks end with the process however it dies, and the kernel tells of the oldest when it is asked. What a
process looks up or makes, it stamps with that time, as the mtime of the file or folder. So nothing is in use that is
stamped earlier than the oldest opener, and the stamp is also when a thing was used last.

Byte 0 keeps stamping and removing apart: it is locked for reading around a stamp, and for writing while what has an old
stamp is moved away. Both take microseconds, so nobody waits for a build, and no build for a prune.

The locks are open file description locks (Linux 3.15, F_OFD_SETLK of fcntl(2)): two stores opened by one process count
as two. Where a kernel's stand-in lacks them (a sandbox in user space), builds go on, and nothing counts as unused.
"""

from __future__ import annotations

import _thread
import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from builder.store.failures import storing

_LOCK = struct.Struct("hhqqi0q")
"""struct flock: type, whence, first byte, number of bytes (0: to the end), process (0 in these locks)."""
_GATE = 0
_MS = 1_000_000


class Presence:
    """Safe between threads."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self._mutex = _thread.allocate_lock()
        self._can_lock = True
        self.since_ns = 0
        """When we opened the store; the stamp of what we use."""

    def begin(self) -> None:
        """From now on nothing that we stamp is removed by others."""
        with storing(self._path):
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            now_ms = time.time_ns() // _MS
            try:
                self._lock(fcntl.F_RDLCK, now_ms)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                self._can_lock = False
            self.since_ns = max(time.time_ns(), now_ms * _MS)  # after the lock: see `horizon`

    def end(self) -> None:
        """Safe to repeat."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def keep(self, path: str) -> bool:
        """Whether `path` is there; if it is, it stays as long as we have the store open."""
        try:
            return self.keep_found(path, os.stat(path))
        except OSError:
            return False

    def keep_found(self, path: str, status: os.stat_result) -> bool:
        """The same for who has just looked."""
        try:
            return status.st_mtime_ns >= self.since_ns or self._stamp_old(path)
        except OSError:
            return False

    def is_younger(self, path: str, seconds: float) -> bool:
        """Whether `path` is there and was changed or stamped that shortly ago."""
        try:
            return time.time() - os.stat(path).st_mtime < seconds
        except OSError:
            return False

    def stamp(self, path: str) -> None:
        """For what is not in its place yet."""
        os.utime(path, ns=(self.since_ns, self.since_ns))

    def _stamp_old(self, path: str) -> bool:
        with self._mutex:  # another thread's unlocking would end our lock
            self._lock(fcntl.F_RDLCK, _GATE)
            try:
                self.stamp(path)
            finally:
                self._lock(fcntl.F_UNLCK, _GATE)
        return True

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside, nothing is moved away. For moments only."""
        with self._mutex:
            self._lock(fcntl.F_RDLCK, _GATE)
            try:
                yield
            finally:
                self._lock(fcntl.F_UNLCK, _GATE)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Inside, no one stamps anything. For moments only."""
        with self._mutex, storing(self._path):
            self._lock(fcntl.F_WRLCK, _GATE)
            try:
                yield
            finally:
                self._lock(fcntl.F_UNLCK, _GATE)

    def horizon(self) -> int:
        """What is stamped earlier is in nobody's use but perhaps ours; nor will it be, unless it is stamped first.

        Whoever opens the store after we have looked stamps with a time after `now`.
        """
        if not self._can_lock:
            return 0
        now = time.time_ns()
        end = 0
        while (first := self._first_lock(end)) is not None:
            end = first
        return min(now, end * _MS) if end else now

    def _first_lock(self, end: int) -> int | None:
        """Some locked byte before `end` (0: anywhere) but the gate, the locks of others only."""
        length = end - 1 if end else 0
        if end == 1:
            return None
        asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 1, length, 0)
        kind, _, first, _, _ = _LOCK.unpack(fcntl.fcntl(self._fd, fcntl.F_OFD_GETLK, asked))
        return None if kind == fcntl.F_UNLCK else int(first)

    def _lock(self, kind: int, byte: int) -> None:
        if self._can_lock:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLKW, _LOCK.pack(kind, os.SEEK_SET, byte, 1, 0))
