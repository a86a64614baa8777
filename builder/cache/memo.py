"""Small values that follow from their key, kept so that they are not worked out twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from builder.cache.codec import DAMAGED, loads, seal, unseal
from builder.errors import StoreError
from builder.lean import sha256_hex
from builder.model.canonical import Json, canonical
from builder.store.store import Store

_LIMIT = 32 << 20


class Memo:
    """One JSON file per key, in one folder, at most `most` of them: the oldest go. Safe between threads and processes.

    The key must name everything that the value follows from. A damaged file counts as absent.
    """

    def __init__(self, store: Store, folder: str, most: int) -> None:
        self._store = store
        self._folder = folder
        self._most = most

    def get(self, key: str) -> Json | None:
        """The value; it was written by this class or not, so check it as any input."""
        try:
            with open(self._path(key), "rb") as file:
                value = loads(unseal(file.read(_LIMIT)))
        except (OSError, *DAMAGED):
            return None
        return value["value"] if isinstance(value, dict) and value.get("key") == key and "value" in value else None

    def put(self, key: str, value: Json) -> None:
        """Afterwards `get(key)` gives `value`, unless there is no space for it: a memo is never needed."""
        with suppress(StoreError):
            self._store.temporary.write(self._path(key), seal(canonical({"key": key, "value": value})))
            self._drop_oldest()

    def _path(self, key: str) -> str:
        return f"{self._folder}/{sha256_hex(key.encode('utf-8', 'surrogatepass'))}.json"

    def _drop_oldest(self) -> None:
        with os.scandir(self._folder) as entries:
            files = [entry for entry in entries if entry.name.endswith(".json")]
        if len(files) > self._most:
            for entry in sorted(files, key=_age)[: len(files) - self._most * 3 // 4]:
                with suppress(FileNotFoundError):
                    os.unlink(entry.path)


def _age(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return 0


class Derived:
    """Digests of files in layers: what this machine has worked out, then what a cache elsewhere says, which is believed
    for this build only. Safe between threads."""

    def __init__(self, memo: Memo, elsewhere: Callable[[str], str | None]) -> None:
        self.used: dict[str, str] = {}
        """What this build asked for, or worked out."""
        self._memo = memo
        self._elsewhere = elsewhere

    def get(self, key: str) -> str | None:
        known = self._memo.get(key)
        found = known if isinstance(known, str) else self._elsewhere(key)
        if found is not None:
            self.used[key] = found
        return found

    def put(self, key: str, digest: str) -> None:
        self.used[key] = digest
        self._memo.put(key, digest)


def plan_memo(store: Store) -> Memo:
    """Plans by the digest of all they depend on: a no-op rebuild reads neither grammar nor Buildfile language."""
    return Memo(store, store.folder("plans"), most=512)


def digest_memo(store: Store) -> Memo:
    """Derived digests, e.g. the content digest of a selection from a stack of layers."""
    folder = f"{store.folder('cache')}/digests"
    with suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    return Memo(store, folder, most=4096)
