"""Damaged files, kept for whoever wants to look: `damaged/` in the store, until a `prune --all`."""

from __future__ import annotations

import os
from contextlib import suppress

from builder.store.failures import storing
from builder.store.store import Store

FOLDER = "damaged"


def set_aside(store: Store, path: str) -> str:
    """Moves a file or directory of the store away, whole; returns where it is, for people."""
    folder = f"{store.root}/{FOLDER}"
    name = f"{os.path.basename(path)[:80]}.{os.urandom(4).hex()}"
    with storing(folder):
        os.makedirs(folder, 0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            os.rename(path, f"{folder}/{name}")
    return f"moved to {FOLDER}/{name}"
