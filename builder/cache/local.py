"""Every record of this machine, on diskcache."""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable, Iterable, Iterator

from builder.cache.codec import DAMAGED, decode, encode, from_json, loads, to_json
from builder.errors import StoreError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.canonical import canonical
from builder.model.digest import is_hex
from builder.solve.types import Record
from builder.store.store import Store

if TYPE_CHECKING:
    from typing import TypeVar

    from builder.cache.database import Database

    _T = TypeVar("_T")

_STEP = "step:"
"""Begins the row that tells the newest key of a step."""
_PRUNED = "pruned:"
"""Begins the row that tells when and why the record of a key was removed."""
_MOST_PRUNED = 10_000


class Pruned(NamedTuple):
    at: str
    """RFC 3339."""
    why: str
    record: Record | None = None
    """What is left of it: no values of variables, as their owner may want them gone."""


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

    def recall(self, key: str) -> Record | None:
        """The record for `key`, whether its layer is still there or not."""
        return self._read(key)

    def nearest(self, step: str) -> Record | None:
        key = self._with_database(lambda database: database.get(_STEP + step), None)
        return self._read(key) if key is not None else None

    def records(self) -> Iterator[Record]:
        """Every record that is whole, whether its layer is still there or not."""
        nothing: list[str] = []
        for key in self._with_database(lambda database: database.keys(), nothing):
            record = self._read(key) if is_hex(key) else None
            if record is not None:
                yield record

    def prune(self, records: Iterable[Record], why: str, now: float) -> None:
        """Afterwards there are no such records, and `pruned` says so of each."""
        gone, notes = [], {}
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
        for record in records:
            step = _STEP + record.step
            newest = self._with_database(lambda database, step=step: database.get(step), None)  # type: ignore[misc]
            gone += [record.key, step] if newest == record.key else [record.key]
            notes[_PRUNED + record.key] = canonical({"at": at, "why": why, "left": to_json(_left(record))}).decode()
        self._with_database(lambda database: database.replace(gone, notes), None)
        self._forget_old_notes()

    def pruned(self, key: str) -> Pruned | None:
        """When and why the record of `key` was removed, if `prune` did it."""
        text = self._with_database(lambda database: database.get(_PRUNED + key), None)
        try:
            value = loads(text) if text else None
            if not isinstance(value, dict):
                return None
            left = from_json(value["left"]) if "left" in value else None
            return Pruned(str(value["at"]), str(value["why"]), left)
        except DAMAGED:
            return None

    def _forget_old_notes(self) -> None:
        nothing: list[str] = []
        keys = [key for key in self._with_database(lambda database: database.keys(), nothing) if key[:7] == _PRUNED]
        if len(keys) > _MOST_PRUNED:  # in the order in which they were written
            self._with_database(lambda database: database.replace(keys[: len(keys) - _MOST_PRUNED // 2], {}), None)

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


def _left(record: Record) -> Record:
    """What later misses of other steps are explained with."""
    parts = {name: value for name, value in record.parts.items() if name == "parent"}
    notes = {name: value for name, value in record.notes.items() if name in ("below", "base")}
    return record._replace(parts=parts, notes=notes)
