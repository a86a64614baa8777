"""How recorded steps were used since: by the builds of the history."""

from __future__ import annotations

from builder.builds.reading import builds
from builder.builds.types import StepOutcome
from builder.lean import NamedTuple
from builder.store.store import Store


class Usage(NamedTuple):
    hits: int
    """How many builds of the history took their step from it."""
    last: float
    """When the newest of them began, or the one that ran it; seconds since 1970."""


def usages(store: Store) -> dict[str, Usage]:
    """By key."""
    found: dict[str, Usage] = {}
    for _, record in builds(store):
        for row in record.steps:
            if row.key and row.digest:
                known = found.get(row.key, Usage(0, record.started))  # newest build first
                found[row.key] = known._replace(hits=known.hits + (row.outcome is StepOutcome.CACHED))
    return found
