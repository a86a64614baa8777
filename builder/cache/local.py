"""Every record of this machine, on diskcache."""

from __future__ import annotations

import _thread
from collections.abc import Callable, Iterator

from builder.cache.codec import decode, encode
from builder.errors import StoreError
from builder.lean import TYPE_CHECKING
from builder.solve.types import Record
from builder.store.store import Store

if TYPE_CHECKING:
    from typing import TypeVar

    from builder.cache.database import Database

    _T = TypeVar("_T")

_STEP = "step:"
"""Begins the row that tells the newest key of a step."""


class LocalCache:
    """A CacheBackend. Cheap to make: the database is opened when it is first needed. Safe between threads and
    processes. Records are in the file a moment after they were kept: a process that is killed loses those of the last
    tenth of a second."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database: Database | None = None
        self._mutex = _thread.allocate_lock()
        self._failures: list[StoreError] = []

    @property
    def failures(self) -> tuple[StoreError, ...]:
        """Why records were not kept or not looked for, for one warning at the end of the build."""
        return tuple(self._failures)

    def find(self, key: str) -> Record | None:
        record = self._read(key)
        if record is None:
            return None
        blob = record.layer.descriptor
        return record if self._store.blobs.has(blob.digest, blob.size) else None

    def keep(self, record: Record) -> None:
        """A failure is noted in `failures` and not raised: the step that was recorded did succeed."""
        rows = {record.key: encode(record), _STEP + record.step: record.key}
        self._with_database(lambda database: database.put(rows), None)

    def settle(self) -> None:
        """Afterwards all that was kept is in the file."""
        if self._database is not None:
            self._database.settle()

    def nearest(self, step: str) -> Record | None:
        key = self._with_database(lambda database: database.get(_STEP + step), None)
        return self._read(key) if key is not None else None

    def records(self) -> Iterator[Record]:
        """Every record that is whole, whether its layer is still there or not."""
        nothing: list[str] = []
        for key in self._with_database(lambda database: database.keys(), nothing):
            record = None if key.startswith(_STEP) else self._read(key)
            if record is not None:
                yield record

    def remove(self, key: str) -> bool:
        """Afterwards there is no record for `key`; False when there was none."""
        return self._with_database(lambda database: database.delete(key), False)

    def close(self) -> None:
        """Safe to repeat, when no thread uses it any more."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _read(self, key: str) -> Record | None:
        """Drops a record that is damaged, or that stands under a key which is not its own."""
        text = self._with_database(lambda database: database.get(key), None)
        if text is None:
            return None
        record = decode(text)
        if record is None or record.key != key:
            self.remove(key)
            return None
        return record

    def _with_database(self, use: Callable[[Database], _T], otherwise: _T) -> _T:
        try:
            with self._mutex:
                if self._database is None:
                    from builder.cache.database import Database

                    folder, locks = self._store.folder("cache"), self._store.folder("locks")
                    self._database = Database(f"{folder}/records", f"{locks}/records", self._note)
            return use(self._database)
        except StoreError as error:
            self._note(error)
            return otherwise

    def _note(self, error: StoreError) -> None:
        # Without its traceback, which would keep every frame and connection on the way alive.
        plain = StoreError(error.code, error.message, hint=error.hint, retryable=error.retryable)
        self._failures.append(plain)
