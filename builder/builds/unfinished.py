"""A build that goes on is in the history already, so that one that is killed is there, too."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from builder.builds.folder import Place
from builder.errors import StoreError
from builder.store.locks import FileLock

_LOCK = "running"
_PAUSE = 1.0
"""Seconds between two records of one build, so that many short steps do not pay for this."""


class Unfinished:
    """Held by the process that builds; the lock goes away with it, however it ends."""

    def __init__(self, place: Place) -> None:
        self._path = f"{place.path}/{_LOCK}"
        self._lock = FileLock(self._path)
        self._next = 0.0
        with suppress(OSError, StoreError):
            os.makedirs(place.path, 0o700, exist_ok=True)
            self._lock.exclusive()

    def is_due(self) -> bool:
        """Whether it is time to write down how far the build has come."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _PAUSE
        return True

    def end(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        self._lock.release()


def goes_on(place: Place) -> bool:
    """Whether the process is there that builds it."""
    path = f"{place.path}/{_LOCK}"
    if not os.path.exists(path):
        return False
    lock = FileLock(path)
    try:
        return not lock.shared_now()
    except StoreError:
        return False
    finally:
        lock.release()
