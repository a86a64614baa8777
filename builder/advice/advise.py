"""All advice for one build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import islice

from builder.advice.arguments import arguments_before_their_use
from builder.advice.layers import wasted_in_layers
from builder.advice.order import copies_before_slow_steps
from builder.advice.types import Advice
from builder.advice.unused import unused_files
from builder.builds.reading import builds
from builder.builds.types import BuildRecord
from builder.cache.local import LocalCache
from builder.context.listing import read_lines
from builder.errors import BuilderError
from builder.model.digest import Digest
from builder.model.entry import Entry
from builder.solve.types import Parts
from builder.steps.listings import Listings
from builder.store.store import Store

_LAST = 50
"""So many builds of the Buildfile are judged."""


def advise(store: Store, record: BuildRecord) -> list[Advice]:
    """What gains most comes first: seconds, then bytes."""
    with closing(LocalCache(store)) as records:

        def parts_of(key: str) -> Parts | None:
            found = records.recall(key)
            return found.parts if found else None

        past = [build for _, build in islice(builds(store, record.file), _LAST) if build.started <= record.started]
        found = [
            *copies_before_slow_steps(record, past),
            *arguments_before_their_use(record, past, parts_of),
            *wasted_in_layers(record, lambda diff_id: _table(store, diff_id)),
            *_unused(store, record, past, parts_of),
        ]
    return sorted(found, key=lambda advice: (-advice.seconds, -advice.size))


def _unused(
    store: Store, record: BuildRecord, past: Sequence[BuildRecord], parts_of: Callable[[str], Parts | None]
) -> Sequence[Advice]:
    listings = Listings(store)

    def files_of(digest: str) -> Iterable[str] | None:
        text = listings.text(digest)
        return read_lines(text) if text is not None else None

    try:
        return list(unused_files(record, past, parts_of, files_of))
    except BuilderError:  # an ignore file that cannot be read is the build's to tell
        return []


def _table(store: Store, diff_id: Digest) -> Sequence[Entry] | None:
    try:
        return store.tables.read(diff_id) if store.tables.has(diff_id) else None
    except BuilderError:
        return None
