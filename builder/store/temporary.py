"""Everything unfinished of one running process, in one folder that is recognised when the process is gone.

The folder `tmp/BOOT.PID.RANDOM` is made with the first write, and its entry is synced: it is the marker by which a
later opener knows that something may not have reached the disk. An flock on the folder says that the process lives.
"""

from __future__ import annotations

import _thread
import fcntl
import os
from contextlib import suppress

from builder.lean import TYPE_CHECKING
from builder.store.failures import storing
from builder.store.presence import Presence

if TYPE_CHECKING:
    from builder.store.trees import Remover

DEAD = "dead."
"""Begins the name of a leftover that we may not remove ourselves; it is settled and waits for a Remover."""


class Temporary:
    """Safe to share between threads."""

    def __init__(self, folder: str, presence: Presence) -> None:
        self._folder = folder
        self._presence = presence
        self._own = ""
        self._lock_fd = -1
        self._mutex = _thread.allocate_lock()
        self._unsettled: list[str] = []

    def file(self) -> tuple[int, str]:
        """A new empty file, open for writing, and its path."""
        path = self._fresh_path()
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444), path

    def directory(self) -> str:
        """A new empty directory, 0700."""
        path = self._fresh_path()
        os.mkdir(path, 0o700)
        return path

    def publish(self, path: str, final: str) -> None:
        """Renames what was made here to its place in the store; durable after the next `settle`."""
        self._presence.stamp(path)
        os.rename(path, final)
        with self._mutex:  # after the rename: a settle of another thread in between would miss the new name
            self._unsettled.append(final)

    def write(self, final: str, data: bytes) -> None:
        """Puts a small file in its place, whole; an older one of that name is replaced.

        It is not worth a sync: for what is checked when it is read and can be made again, should the machine stop.
        """
        with storing(final):
            fd, path = self.file()
            try:
                with open(fd, "wb") as file:
                    file.write(data)
                os.rename(path, final)
            except BaseException:
                discard(path)
                raise

    def settle(self) -> None:
        """Afterwards all that was published is durable. Free when nothing was."""
        if not self._unsettled:
            return
        with storing(self._folder):
            with self._mutex:
                written, self._unsettled = self._unsettled, []
            from builder.store.durable import sync_written

            try:
                sync_written(written, self._folder)
            except BaseException:
                with self._mutex:
                    self._unsettled += written
                raise

    def close(self) -> None:
        """Settles, and removes the folder unless something of a foreign uid is in it. Safe to repeat."""
        if not self._own:
            return
        from builder.store.trees import remove_tree

        self.settle()
        bury(self._own, remove_tree)
        os.close(self._lock_fd)
        self._own = ""

    def bury_dead(self, remover: Remover) -> None:
        """Removes what needed more rights than `remove_tree` has."""
        for name in os.listdir(self._folder):
            if name.startswith(DEAD):
                remover(f"{self._folder}/{name}")

    def _fresh_path(self) -> str:
        return f"{self._own or self._begin()}/{os.urandom(8).hex()}"

    def _begin(self) -> str:
        from builder.store.durable import boot_id, sync_directory

        with self._mutex, storing(self._folder):
            while not self._own:
                path = f"{self._folder}/{boot_id()}.{os.getpid()}.{os.urandom(6).hex()}"
                os.mkdir(path, 0o700)
                # Until the lock is ours an opener may take the folder for a leftover: then it is gone, and we repeat.
                with suppress(FileNotFoundError):
                    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                    fcntl.flock(fd, fcntl.LOCK_SH)
                    if os.path.isdir(path):
                        sync_directory(self._folder)
                        self._lock_fd, self._own = fd, path
                    else:
                        os.close(fd)
            return self._own


def bury(path: str, remover: Remover) -> None:
    """Removes a tree, or at least renames it so that nobody tries again without a stronger Remover."""
    try:
        remover(path)
    except PermissionError:
        folder, name = os.path.split(path)
        if not name.startswith(DEAD):
            os.rename(path, f"{folder}/{DEAD}{os.urandom(6).hex()}")


def discard(path: str) -> None:
    """Removes a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)
