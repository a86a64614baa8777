"""Locks between processes: flock on files that are never removed.

flock goes away with the process however it dies, and works on the descriptor, so threads of one process that open
the file each for themselves exclude each other too.
"""

from __future__ import annotations

import fcntl
import os
from types import TracebackType

from builder.store.failures import storing


class FileLock:
    """A lock on `path`, which is created if need be. Use as a context manager for the exclusive lock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1

    def shared(self) -> None:
        """Waits until no one holds the lock exclusively."""
        self._flock(fcntl.LOCK_SH)

    def shared_now(self) -> bool:
        """False: someone holds the lock exclusively."""
        return self._flock(fcntl.LOCK_SH | fcntl.LOCK_NB)

    def exclusive(self, *, wait: bool = True) -> bool:
        """Takes the lock alone; a shared lock held here is given up for it. False: others hold it and `wait` is off.

        A failed attempt may have cost the shared lock (flock converts in two steps): take it again with `shared`.
        """
        return self._flock(fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    @property
    def descriptor(self) -> int:
        """Of the open file: whoever inherits it holds the lock too."""
        return self._fd

    def release(self) -> None:
        """Safe to repeat."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _flock(self, operation: int) -> bool:
        with storing(self._path):
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._fd, operation)
            except BlockingIOError:
                return False
        return True

    def __enter__(self) -> FileLock:
        self.exclusive()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
