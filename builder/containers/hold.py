"""Keeping a container from being started for as long as one works with what it has written."""

from __future__ import annotations

import os
import time

from builder.containers.records import folder_of, state_of
from builder.errors import StoreError
from builder.store.locks import FileLock
from builder.store.store import Store

_PAUSE_S = 0.01


def hold_stopped(store: Store, identifier: str, *, wait: bool = True) -> FileLock | None:
    """Its lock, to be released; None: it runs. Whoever has the lock while nothing runs is waited for, unless told
    otherwise: one who looks into the container, its monitor that is just beginning or ending, what is left of a monitor
    that was killed. Not on the lock itself: a monitor that is beginning keeps it until the container ends. Raises
    StoreError `no-such-container`: it was removed meanwhile."""
    folder = folder_of(store, identifier)
    lock = FileLock(f"{folder}/lock")
    try:
        while not lock.exclusive(wait=False):
            if not wait or state_of(store, identifier).running:
                lock.release()
                return None
            time.sleep(_PAUSE_S)
        if not os.path.isdir(folder):
            raise _removed(identifier)
    except BaseException as error:
        lock.release()
        if isinstance(error.__cause__, FileNotFoundError):
            raise _removed(identifier) from error
        raise
    return lock


def _removed(identifier: str) -> StoreError:
    return StoreError("no-such-container", f"the container {identifier[:12]} was removed meanwhile")
