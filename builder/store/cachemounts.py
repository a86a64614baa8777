"""Directories that cache mounts keep between builds.

`cachemounts/KEY.NUMBER/` holds `data`, what the process sees, and `info.json`: id, created, used (seconds since 1970).
KEY stands for the id and for what the directory began with. Whoever uses one holds a lock on `lock`: shared for
sharing=shared, alone otherwise. Where all of a key are taken, another one is made, with the next number, or, for
sharing=locked, waited for. A pruner takes the lock alone, without waiting, and removes the folder.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_FOLDER = "cachemounts"
_PAUSE = 0.05


class KeptDirectory(NamedTuple):
    name: str
    """Its folder's, below `cachemounts/`."""
    path: str
    id: str
    """As the mount says it."""
    used: float
    """When it was used last, in seconds since 1970."""
    is_taken: bool

    @property
    def key(self) -> str:
        return self.name.rpartition(".")[0]


def all_directories(store: Store) -> list[KeptDirectory]:
    """Every directory there is. Looks only."""
    parent = store.folder(_FOLDER)
    found = []
    for name in sorted(os.listdir(parent)):
        path = f"{parent}/{name}"
        making, lock = _locks(store, name)
        # A build that tried the lock while we do would think the directory taken, and make another.
        taken = not (making.exclusive(wait=False) and lock.exclusive(wait=False))
        lock.release()
        making.release()
        info = _info(path)
        found.append(KeptDirectory(name, path, str(info.get("id", "")), float(info.get("used", 0)), taken))
    return found


def _locks(store: Store, name: str) -> tuple[FileLock, FileLock]:
    """Whoever makes or takes a directory of this key has the first; who uses this one, the second."""
    key = name.rpartition(".")[0]
    return FileLock(f"{store.folder('locks')}/cachemount.{key}"), FileLock(f"{store.folder(_FOLDER)}/{name}/lock")


def remove_directory(store: Store, name: str, remover: Remover) -> bool:
    """False: somebody uses it, or it is gone."""
    path = f"{store.folder(_FOLDER)}/{name}"
    making, lock = _locks(store, name)
    try:
        if not os.path.isdir(path) or not (making.exclusive(wait=False) and lock.exclusive(wait=False)):
            return False
        grave = store.temporary.directory()
        with storing(path):
            os.rename(path, f"{grave}/mount")
    finally:
        lock.release()
        making.release()
    remover(grave)
    return True


@contextmanager
def holding(store: Store, kept: KeptDirectory) -> Generator[bool]:
    """Nobody writes into the directory meanwhile. False: somebody uses it, or it is gone."""
    making, lock = _locks(store, kept.name)
    try:
        with making:
            is_held = os.path.isdir(kept.path) and lock.exclusive(wait=False)
        yield is_held
    finally:
        lock.release()


@contextmanager
def cache_directory(
    store: Store, key: str, name: str, sharing: str, fill: Callable[[str], None], give_up: Callable[[], bool]
) -> Generator[str | None]:
    """The directory for one use; `fill` makes a new one. None: `give_up` said so while it waited."""
    lock, folder = _take(store, key, name, sharing, fill, give_up)
    if lock is None:
        yield None
        return
    try:
        yield f"{folder}/data"
    finally:
        with storing(folder):
            _note(store, folder, name)
        lock.release()


def _take(
    store: Store, key: str, name: str, sharing: str, fill: Callable[[str], None], give_up: Callable[[], bool]
) -> tuple[FileLock | None, str]:
    while not give_up():
        with storing(store.folder(_FOLDER)), FileLock(f"{store.folder('locks')}/cachemount.{key}"):
            present = _present(store, key)
            for folder in present:
                lock = FileLock(f"{folder}/lock")
                if lock.shared_now() if sharing == "shared" else lock.exclusive(wait=False):
                    return lock, folder
                lock.release()
            if not present or sharing != "locked":
                return _make(store, f"{store.folder(_FOLDER)}/{key}.{_next(present)}", name, sharing, fill)
        time.sleep(_PAUSE)
    return None, ""


def _present(store: Store, key: str) -> list[str]:
    parent = store.folder(_FOLDER)
    names = [entry for entry in os.listdir(parent) if entry.startswith(f"{key}.")]
    return [f"{parent}/{entry}" for entry in sorted(names, key=lambda entry: int(entry.rpartition(".")[2]))]


def _next(present: list[str]) -> int:
    return int(present[-1].rpartition(".")[2]) + 1 if present else 0


def _make(
    store: Store, folder: str, name: str, sharing: str, fill: Callable[[str], None]
) -> tuple[FileLock | None, str]:
    """Whole or not at all: made elsewhere, then renamed."""
    draft = store.temporary.directory()
    fill(f"{draft}/data")
    _note(store, draft, name)
    lock = FileLock(f"{draft}/lock")
    if sharing == "shared":
        lock.shared()
    else:
        lock.exclusive()
    os.rename(draft, folder)
    return lock, folder


def _info(folder: str) -> dict[str, Any]:
    with suppress(OSError, ValueError), open(f"{folder}/info.json", encoding="utf-8") as file:
        info = json.load(file)
        return info if isinstance(info, dict) else {}
    return {}


def _note(store: Store, folder: str, name: str) -> None:
    now = int(time.time())
    info = {"id": name, "created": _info(folder).get("created", now), "used": now}
    store.temporary.write(f"{folder}/info.json", json.dumps(info).encode())
