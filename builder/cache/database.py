"""Rows of text on diskcache. The only module that imports it, and imported when the first row is needed."""

from __future__ import annotations

import _thread
import errno
import os
import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TypeVar

import diskcache

from builder.cache.json_disk import JsonDisk
from builder.cache.one_thread import OneThread
from builder.errors import StoreError
from builder.store.locks import FileLock

_T = TypeVar("_T")
_LOCK_TIMEOUT_S = 20.0
_GATHERING_S = 0.1
"""So long rows wait for others, to be written together: a transaction for each costs a quarter of a small step."""
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
    lock is held for too long, or the file cannot be read; `failed` hears of it when rows cannot be written."""

    def __init__(self, folder: str, lock_path: str, failed: Callable[[StoreError], None]) -> None:
        """Opens or makes the database. One that is damaged is thrown away: its rows can be made again.

        diskcache opens one connection for each thread that uses it, at half a millisecond each, and only that thread
        can close it. So one thread does everything.
        """
        self._folder = folder
        self._lock_path = lock_path
        self._failed = failed
        self._waiting: dict[str, str] = {}
        self._mutex = _thread.allocate_lock()
        self._thread = OneThread("records", self._write_waiting, _GATHERING_S)
        try:
            self._cache = self._thread.ask(self._opened)
        except BaseException:
            self._thread.end()
            raise

    def get(self, key: str) -> str | None:
        """None where there is no text under `key`. A row that holds something else than text is dropped."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            return waiting

        def read(cache: diskcache.Cache) -> str | None:
            value: str | None = cache.get(key, default="")
            if value is None:
                cache.delete(key)
            return value or None

        return self._with_cache(read)

    def put(self, rows: Mapping[str, str]) -> None:
        """`get` knows the rows at once. They are in the file a moment later, or when `settle` or `close` returns."""
        with self._mutex:
            is_first = not self._waiting
            self._waiting.update(rows)
        if is_first:
            self._thread.soon()

    def settle(self) -> None:
        """Afterwards the file has all that was put."""
        if self._waiting:
            self._thread.ask(self._write_waiting)

    def _write_waiting(self) -> None:
        """All rows or none of them. In the thread."""
        with self._mutex:
            rows = dict(self._waiting)
        if not rows:
            return
        try:
            with self._failing_well(), self._cache.transact():
                for key, text in rows.items():
                    self._cache.set(key, text)
        except StoreError as error:
            self._failed(error)
        with self._mutex:
            for key, text in rows.items():
                if self._waiting.get(key) is text:
                    del self._waiting[key]
            is_more = bool(self._waiting)
        if is_more:
            self._thread.soon()

    def delete(self, key: str) -> bool:
        """False when there was no such row."""
        self.settle()
        return self._with_cache(lambda cache: bool(cache.delete(key)))

    def replace(self, gone: Iterable[str], rows: Mapping[str, str]) -> None:
        """Removes some rows and writes others: all of it or nothing."""
        self.settle()

        def work(cache: diskcache.Cache) -> None:
            with cache.transact():
                for key in gone:
                    cache.delete(key)
                for key, text in rows.items():
                    cache.set(key, text)

        self._with_cache(work)

    def keys(self) -> list[str]:
        """In the order in which they were written."""
        self.settle()
        return self._with_cache(lambda cache: [key for key in cache.iterkeys() if key is not None])

    def close(self) -> None:
        """Nothing else may be called afterwards."""
        self.settle()
        self._thread.ask(self._cache.close)
        self._thread.end()

    def _opened(self) -> diskcache.Cache:
        with self._failing_well():
            return _open_or_begin_anew(self._folder, self._lock_path)

    def _with_cache(self, use: Callable[[diskcache.Cache], _T]) -> _T:
        def work() -> _T:
            with self._failing_well():
                return use(self._cache)

        return self._thread.ask(work)

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
