"""What an opener does about processes that died, or about a machine that stopped.

Imported only when there are leftovers.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from builder.errors import StoreError
from builder.store.durable import boot_id, sync_filesystem
from builder.store.locks import FileLock
from builder.store.temporary import DEAD, bury
from builder.store.trees import remove_tree

if TYPE_CHECKING:
    from builder.store.store import Store

_CLOCK_SLACK_S = 600
"""How far the clock may have been set back while the process wrote."""


class _Leftover(NamedTuple):
    path: str
    lock_fd: int
    """For the taker to close after the folder is gone."""
    lost: bool
    """The machine stopped since: what the process wrote after making the folder may be damaged."""
    since: float
    """When the folder was made, in seconds since the epoch."""


def clear_leftovers(store: Store) -> None:
    """Afterwards no leftover of a dead process is there, and nothing that it wrote is damaged. One process at a time;
    those that come later find nothing left to do."""
    with FileLock(f"{store.root}/locks/recovery"):
        leftovers = _leftovers(store.folder("tmp"))
        lost = [leftover.since for leftover in leftovers if leftover.lost]
        if lost:
            _drop_damaged(store, min(lost) - _CLOCK_SLACK_S)
        if leftovers:
            # Before the markers go: what the dead wrote on this boot is whole, but perhaps not on the disk yet.
            sync_filesystem(store.root)
        for leftover in leftovers:
            _bury_if_quiet(leftover.path)
            os.close(leftover.lock_fd)


def _bury_if_quiet(path: str) -> None:
    """A killed process' worker lives on for some milliseconds, and may fill what is emptied here: then the folder is
    left to whoever opens the store next."""
    try:
        bury(path, remove_tree)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise


def _leftovers(folder: str) -> list[_Leftover]:
    """The folders of processes that are gone, locked so that no one else takes them for that too. Dead ones are
    left out."""
    found = []
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        lock_fd = None if name.startswith(DEAD) else _lock_if_free(path)
        if lock_fd is not None:
            boot = name.partition(".")[0]
            found.append(_Leftover(path, lock_fd, not boot or boot != boot_id(), os.fstat(lock_fd).st_ctime))
    return found


def _lock_if_free(path: str) -> int | None:
    """A descriptor that holds the folder's lock; None when its process lives or has just removed it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _drop_damaged(store: Store, since: float) -> None:
    """Of what is younger than `since`: verifies the blobs, which drops damaged ones, and drops what is derived."""
    for digest in store.blobs.all():
        if _is_younger(store.blobs.path(digest), since):
            with suppress(StoreError), store.blobs.open(digest) as reader:
                reader.finish()
    for diff_id in store.tables.all():
        if _is_younger(store.tables.path(diff_id), since):
            store.tables.remove(diff_id)
    for diff_id in store.snapshots.all():
        if _is_younger(store.snapshots.folder(diff_id), since):
            store.snapshots.remove(diff_id)


def _is_younger(path: str, since: float) -> bool:
    return os.stat(path, follow_symlinks=False).st_ctime >= since
