"""Sizes of directory trees, remembered where a tree cannot have changed."""

from __future__ import annotations

import json
import os
from contextlib import suppress

from builder.store.store import Store

_BLOCK = 512
"""Unit of `st_blocks` (stat(2))."""


class Sizes:
    """One small file for all trees. Who finds it damaged counts again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = f"{store.folder('cache')}/sizes.json"
        self._known = _read(self._path)
        self._asked: dict[str, tuple[str, int]] = {}

    def of(self, path: str, version: str = "") -> int:
        """Bytes on disk of `path` and all below; `version` names what the tree holds now."""
        try:
            version = f"{version}.{os.stat(path, follow_symlinks=False).st_ino}"
        except OSError:
            return 0
        known = self._known.get(path)
        size = known[1] if known and known[0] == version else tree_size(path)
        self._asked[path] = version, size
        return size

    def save(self) -> None:
        """Remembers what was asked for."""
        if self._asked != self._known:
            self._store.temporary.write(self._path, json.dumps(self._asked).encode())


def _read(path: str) -> dict[str, tuple[str, int]]:
    with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError), open(path, "rb") as file:
        return {str(name): (str(version), int(size)) for name, (version, size) in json.load(file).items()}
    return {}


def tree_size(path: str) -> int:
    """Bytes on disk of a file, or of a directory and all below, hard links once. What we may not look into counts as
    nothing, as does what is not there."""
    try:
        total = os.stat(path, follow_symlinks=False).st_blocks * _BLOCK
    except FileNotFoundError:
        return 0
    linked: set[tuple[int, int]] = set()
    pending = [path]
    while pending:
        with suppress(PermissionError, FileNotFoundError, NotADirectoryError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    identity = (status.st_dev, status.st_ino)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif status.st_nlink > 1:
                        if identity in linked:
                            continue
                        linked.add(identity)
                    total += status.st_blocks * _BLOCK
    return total
