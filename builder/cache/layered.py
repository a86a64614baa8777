"""Several caches as one."""

from __future__ import annotations

from collections.abc import Sequence

from builder.solve.types import CacheBackend, Record


class LayeredCache:
    """A CacheBackend that asks `sources` in order, cheapest first, and keeps into each of `keep_into`."""

    def __init__(self, sources: Sequence[CacheBackend], keep_into: Sequence[CacheBackend]) -> None:
        self._sources = tuple(sources)
        self._keep_into = tuple(keep_into)

    def find(self, key: str) -> Record | None:
        for source in self._sources:
            record = source.find(key)
            if record is not None:
                return record
        return None

    def keep(self, record: Record) -> None:
        for backend in self._keep_into:
            backend.keep(record)

    def nearest(self, step: str) -> Record | None:
        """The newest of all; of equally new ones that of the earlier source."""
        found = [record for source in self._sources if (record := source.nearest(step)) is not None]
        return max(found, key=lambda record: record.created, default=None)
