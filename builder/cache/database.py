"""Rows of text on diskcache. The only module that imports it, and imported when the first row is needed."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import diskcache

from builder.cache.json_disk import JsonDisk
from builder.errors import StoreError
from builder.store.locks import FileLock

_LOCK_TIMEOUT_S = 20.0
_SETTINGS = {
    "eviction_policy": "none",
    "cull_limit": 0,
    "statistics": 0,
    "tag_index": 0,
    "sqlite_journal_mode": "wal",
    "sqlite_synchronous": 1,  # NORMAL: consistent after anything; durable with the store's settle
}


class Database:
    """Safe between threads and processes. Every method raises StoreError `cache-unusable` where the disk is full, the
    lock is held for too long, or the file cannot be read."""

    def __init__(self, folder: str, lock_path: str, owner: int) -> None:
        """Opens or makes the database. One that is damaged is thrown away: its rows can be made again.

        The thread `owner` keeps its connection until it calls `close`; others close theirs after each use.
        """
        self._folder = folder
        self._lock_path = lock_path
        self._owner = owner
        with self._failing_well():
            self._cache = _open_or_begin_anew(folder, lock_path)
        if threading.get_ident() != owner:
            self._cache.close()

    def get(self, key: str) -> str | None:
        """None where there is no text under `key`. A row that holds something else than text is dropped."""
        with self._connected() as cache:
            value = cache.get(key, default="")
            if value is None:
                cache.delete(key)
        return value or None

    def put(self, rows: Mapping[str, str]) -> None:
        """All of `rows` or none of them."""
        with self._connected() as cache, cache.transact():
            for key, text in rows.items():
                cache.set(key, text)

    def delete(self, key: str) -> bool:
        """False when there was no such row."""
        with self._connected() as cache:
            return bool(cache.delete(key))

    def keys(self) -> list[str]:
        with self._connected() as cache:
            return [key for key in cache.iterkeys() if key is not None]

    def close(self) -> None:
        """By the owner. Safe to repeat."""
        self._cache.close()

    @contextmanager
    def _connected(self) -> Generator[diskcache.Cache]:
        """diskcache opens one connection per thread, and only that thread can close it."""
        with self._failing_well():
            try:
                yield self._cache
            finally:
                if threading.get_ident() != self._owner:
                    self._cache.close()

    @contextmanager
    def _failing_well(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, diskcache.Timeout, OSError) as error:
            if _is_damage(error):
                with FileLock(self._lock_path):
                    _throw_away(self._folder)
            locked = isinstance(error, diskcache.Timeout)
            why = "another process holds it, or no space is left" if locked else str(error)
            raise StoreError(
                "cache-unusable",
                f"the index of cache records cannot be used: {self._folder}: {why}",
                hint="the build goes on without it",
                retryable=True,
            ) from error


def _open_or_begin_anew(folder: str, lock_path: str) -> diskcache.Cache:
    try:
        return _open(folder)
    except (sqlite3.Error, TypeError, ValueError, KeyError) as error:
        if not _is_damage(error):
            raise
    with FileLock(lock_path):
        try:
            return _open(folder)  # another process may have been first
        except (sqlite3.Error, TypeError, ValueError, KeyError) as error:
            if not _is_damage(error):
                raise
            _throw_away(folder)
            return _open(folder)


def _open(folder: str) -> diskcache.Cache:
    if os.path.expandvars(os.path.expanduser(folder)) != folder:
        raise OSError(errno.EINVAL, "diskcache would expand the variable in this path", folder)
    cache = diskcache.Cache.__new__(diskcache.Cache)  # made in two steps, so that failing leaves no connection open
    try:
        cache.__init__(folder, timeout=_LOCK_TIMEOUT_S, disk=JsonDisk, **_SETTINGS)
        cache.get("")  # a damaged table shows itself here
    except BaseException:
        cache.close()
        raise
    return cache


def _is_damage(error: Exception) -> bool:
    """Whether the file is at fault, rather than the disk, a lock or permissions."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith("no such")
    return isinstance(error, sqlite3.DatabaseError | TypeError | ValueError | KeyError)


def _throw_away(folder: str) -> None:
    """Processes that have it open go on with what is no longer there; what they keep is lost."""
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
