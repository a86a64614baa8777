"""What makes builds quicker: records, plans, downloads, directories of cache mounts."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from builder.cache.codec import is_sealed
from builder.context.gitprogram import GitFailure, run_git
from builder.errors import ContextError
from builder.store.check import Finding
from builder.store.locks import FileLock
from builder.store.store import Store

_DATABASE = "cache/records/cache.db"
_SEALED = ("plans", "cache/digests", "builds")
_OTHERS = (".options", ".failed")
_CHUNK = 1 << 20


def cache_findings(store: Store) -> Iterator[Finding]:
    """`cache-damaged`, `memo-damaged`, `download-damaged`, `repository-damaged`, `mount-damaged`."""
    path = f"{store.root}/{_DATABASE}"
    if os.path.exists(path) and (what := _database_fault(path)):
        yield Finding("cache-damaged", "cache/records", what)
    for folder in _SEALED:
        for name in _names(f"{store.root}/{folder}"):
            if not name.endswith(_OTHERS) and not _is_whole_file(f"{store.root}/{folder}/{name}"):
                yield Finding("memo-damaged", f"{folder}/{name}", "its checksum is another one")
    yield from _downloads(store)
    for name in _names(store.folder("cachemounts")):
        path = f"{store.folder('cachemounts')}/{name}"
        if not os.path.isdir(f"{path}/data") and os.path.exists(path):
            yield Finding("mount-damaged", f"cachemounts/{name}", "it has no directory `data`")


def _database_fault(path: str) -> str:
    try:
        with closing(sqlite3.connect(path, timeout=20)) as connection:
            rows = connection.execute("PRAGMA integrity_check(1)").fetchall()
            connection.execute("SELECT count(*) FROM Cache").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "" if rows == [("ok",)] else str(rows[0][0])


def _is_whole_file(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return is_sealed(file.read())
    except FileNotFoundError:
        return True  # gone meanwhile
    except IsADirectoryError:
        return False


def _downloads(store: Store) -> Iterator[Finding]:
    files = f"{store.root}/cache/http/files"
    for name in _names(files):
        if not name.startswith(".") and _sha256(f"{files}/{name}") not in (name, None):
            yield Finding("download-damaged", f"cache/http/files/{name}", "its content is another one")
    folder = f"{store.root}/cache/git"
    for name in _names(folder):
        if name.endswith(".git"):
            with FileLock(f"{folder}/{name.removesuffix('.git')}.lock"):
                try:
                    run_git("--git-dir", f"{folder}/{name}", "fsck", "--full", "--strict")
                except GitFailure as error:
                    text = str(error).strip().partition("\n")[0]
                    yield Finding("repository-damaged", f"cache/git/{name}", text)
                except ContextError:
                    return  # no git here: then nobody reads it either


def _sha256(path: str) -> str | None:
    state = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while data := file.read(_CHUNK):
                state.update(data)
    except FileNotFoundError:
        return None
    return state.hexdigest()


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []
