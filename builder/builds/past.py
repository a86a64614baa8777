"""Earlier builds of one Buildfile, as what explains misses wants them: the solver's `Past`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Protocol

from builder.builds.reading import builds, newest_of_each
from builder.builds.types import BuildRecord, StepOutcome
from builder.cache.local import LocalCache
from builder.solve.types import PastStep, Record
from builder.store.store import Store

_LAST = 12
"""So many builds are looked at."""
_LEAST = 2
"""So many instructions two Buildfiles share that are taken for one."""
_FINISHED = (StepOutcome.CACHED, StepOutcome.RAN, StepOutcome.SHARED)


class Elsewhere(Protocol):
    """A cache that another machine has filled."""

    def steps(self) -> list[PastStep]: ...

    def recall(self, key: str) -> Record | None: ...


class History:
    def __init__(self, store: Store, project: str, records: LocalCache, elsewhere: Sequence[Elsewhere] = ()) -> None:
        self._store = store
        self._project = project
        self._records = records
        self._elsewhere = elsewhere
        self._known: list[list[PastStep]] | None = None

    def builds(self) -> Sequence[Sequence[PastStep]]:
        """What filled a cache elsewhere counts as older than all builds of this machine."""
        if self._known is None:
            with_steps = (record for _, record in builds(self._store, self._project) if record.steps)
            here = [list(_steps(record)) for record in islice(with_steps, _LAST)]
            self._known = [*here, *(steps for cache in self._elsewhere if (steps := cache.steps()))]
        return self._known

    def alike(self, texts: Collection[str]) -> Sequence[PastStep]:
        """Moved with its folder, or alone: then it is no longer where it was."""
        name = os.path.basename(self._project)
        for record in islice(newest_of_each(self._store), _LAST):
            is_moved = os.path.basename(record.file) == name or not os.path.exists(record.file)
            shared = len(set(texts) & {row.text for row in record.steps})
            if is_moved and shared >= _LEAST and 2 * shared >= len(set(texts)):
                return list(_steps(record))
        return []

    def recall(self, key: str) -> Record | None:
        found = self._records.recall(key)
        for cache in self._elsewhere if found is None else ():
            found = found or cache.recall(key)
        return found

    def removed(self, key: str) -> Record | None:
        found = self._records.pruned(key)
        return found.record if found else None

    def pruned(self, key: str) -> str:
        found = self._records.pruned(key)
        return f"{found.at[:10]} ({found.why})" if found else ""


def _steps(record: BuildRecord) -> Iterator[PastStep]:
    platforms = {str(stage.position): stage.platform for stage in record.stages}
    for row in record.steps:
        if row.key:
            platform = platforms.get(row.id.partition(".")[0], "")
            title = row.stage.rpartition(" ")[2]
            yield PastStep(record.id, platform, title, row.text, row.key, row.outcome in _FINISHED)
