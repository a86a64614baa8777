"""Several caches as one."""

from __future__ import annotations

from collections.abc import Sequence

from builder.lean import Protocol
from builder.solve.types import Record


class Asked(Protocol):
    """What is asked of a CacheBackend."""

    def find(self, key: str) -> Record | None: ...

    def nearest(self, step: str) -> Record | None: ...


class Told(Protocol):
    """What a CacheBackend is told."""

    def keep(self, record: Record) -> None: ...


class LayeredCache:
    """A CacheBackend that asks `sources` in order, cheapest first, and keeps into each of `keep_into`."""

    def __init__(
        self,
        sources: Sequence[Asked],
        keep_into: Sequence[Told],
    ) -> None:
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
