"""Taking things out of the store while others use it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from builder.store.failures import storing
from builder.store.store import Store
from builder.store.trees import Remover

_AT_ONCE = 100
"""So many are moved before whoever waits for a stamp gets a turn: about a millisecond."""


def remove_unused(store: Store, paths: Sequence[str], horizon: int, remover: Remover) -> list[str]:
    """Removes those of `paths`, files or directories of the store's own, that are stamped earlier than `horizon`;
    returns which. Killed in the middle, what is left is never taken for what it was."""
    removed: list[str] = []
    with storing(store.root):
        grave = store.temporary.directory() if paths else ""
        for start in range(0, len(paths), _AT_ONCE):
            with store.presence.moving():
                moved = [path for path in paths[start : start + _AT_ONCE] if _move(path, grave, horizon)]
            removed += moved
        if removed:
            remover(grave)
    return removed


def _move(path: str, grave: str, horizon: int) -> bool:
    with suppress(FileNotFoundError):
        if os.stat(path, follow_symlinks=False).st_mtime_ns < horizon:
            os.rename(path, f"{grave}/{os.urandom(8).hex()}")
            return True
    return False
