"""The records of the last build of one Buildfile and options, in one small JSON file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from builder.cache.codec import DAMAGED, from_json, loads, seal, to_json, unseal
from builder.model.canonical import canonical
from builder.solve.types import Record
from builder.store.store import Store

_FORMAT = 1
_LIMIT = 16 << 20


class Ledger:
    """A CacheBackend. One thread at a time may keep or save; several may find.

    Holds one record per step. Two builds of one file at once may each save theirs: the last one stays.
    """

    def __init__(self, path: str, store: Store, rows: Mapping[str, object], saved: bytes) -> None:
        """Use `load`."""
        self._path = path
        self._store = store
        self._rows = dict(rows)
        self._saved = saved

    @classmethod
    def load(cls, path: str, store: Store) -> Ledger:
        """The ledger at `path`; an absent, damaged or hostile file is an empty one. Nothing is written."""
        try:
            with open(path, "rb") as file:
                data = file.read(_LIMIT + 1)
            value = loads(unseal(data)) if len(data) <= _LIMIT else None
        except (OSError, *DAMAGED):
            return cls(path, store, {}, b"")
        rows = value.get("records") if isinstance(value, dict) and value.get("format") == _FORMAT else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "key" in row for row in rows):
            return cls(path, store, {}, b"")
        return cls(path, store, {str(row["key"]): row for row in rows}, data)

    def find(self, key: str) -> Record | None:
        record = self._decoded(key)
        if record is None:
            return None
        blob = record.layer.descriptor
        return record if self._store.blobs.has(blob.digest, blob.size) else None

    def keep(self, record: Record) -> None:
        """Writes the file at once. A build that keeps many records elsewhere saves them here once, with `save`."""
        self.save([*(other for other in self.records() if other.step != record.step), record])

    def nearest(self, step: str) -> Record | None:
        return next((record for record in self.records() if record.step == step), None)

    def records(self) -> Iterator[Record]:
        """Newest build's records, in the order they were saved in."""
        for key in list(self._rows):
            record = self._decoded(key)
            if record is not None:
                yield record

    def save(self, records: Iterable[Record]) -> None:
        """Afterwards the ledger holds `records` and nothing else. No write when that is so already."""
        rows: dict[str, object] = {record.key: to_json(record) for record in records}
        data = seal(canonical({"format": _FORMAT, "records": list(rows.values())}))
        self._rows = rows
        if data != self._saved:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            self._store.temporary.write(self._path, data)
            self._saved = data

    def _decoded(self, key: str) -> Record | None:
        """Checked when it is asked for: most of a large ledger may never be."""
        row = self._rows.get(key)
        if row is None:
            return None
        try:
            record = from_json(row)
        except DAMAGED:
            record = None
        if record is None or record.key != key:
            self._rows.pop(key, None)
            return None
        return record


def forget_last_builds(store: Store, records: Iterable[Record]) -> None:
    """For records that are removed elsewhere: those of the last build of their Buildfiles stand in a ledger, too."""
    for project in {record.step.rsplit("#", 2)[0] for record in records}:
        with suppress(FileNotFoundError):
            os.unlink(store.place("builds", project))
