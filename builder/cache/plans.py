"""Plans by the digest of all they depend on, so that a no-op rebuild reads neither grammar nor Buildfile language."""

from __future__ import annotations

from builder.cache.memo import Memo
from builder.store.store import Store


def plan_memo(store: Store) -> Memo:
    return Memo(store, store.folder("plans"), most=512)
