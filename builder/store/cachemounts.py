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

from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store

_FOLDER = "cachemounts"
_PAUSE = 0.05


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


def _note(store: Store, folder: str, name: str) -> None:
    now = int(time.time())
    info = {"id": name, "created": now, "used": now}
    with suppress(OSError, ValueError), open(f"{folder}/info.json", encoding="utf-8") as file:
        info["created"] = json.load(file)["created"]
    store.temporary.write(f"{folder}/info.json", json.dumps(info).encode())
