"""The store that a command works on."""

from __future__ import annotations

import os

from builder.store.store import Store, default_root


def open_store(root: str | None) -> Store:
    """The store at `--root`, else at PYBUILD_ROOT, else at the user's own place. A context manager."""
    return Store.open(root or default_root(os.environ, os.getuid()))
