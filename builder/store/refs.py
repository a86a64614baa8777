"""Names of images: the entries of `index.json` (OCI image-spec, image-layout.md, section index.json)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from zlib import crc32

from builder.errors import BuilderError, StoreError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.temporary import Temporary, discard

REF_NAME = "org.opencontainers.image.ref.name"
"""The annotation that carries the name (OCI image-spec, annotations.md), in familiar form: `app:1.0`."""

EMPTY_INDEX = b'{"schemaVersion":2,"mediaType":"' + media_types.OCI_INDEX.encode() + b'","manifests":[]}'
COPY = "index.copy"
"""Beside `index.json`: the same, below its checksum, for the day when that is damaged."""
_LIMIT = 64 << 20

_Index = dict[str, object]
Rows = tuple[tuple[str, Descriptor], ...]


class Refs:
    """Names to manifests. Descriptors come back without the annotation of the name.

    Safe between threads and processes. Everything that was written to the store before is durable before a name
    points to it.
    """

    def __init__(self, root: str, temporary: Temporary, hold: Callable[[str, Descriptor], None]) -> None:
        """`hold` is called with what gets a name, before it has it. It raises where that is not whole."""
        self._path = f"{root}/index.json"
        self._folder = root
        self._lock_path = f"{root}/locks/index"
        self._temporary = temporary
        self._hold = hold
        self._read: tuple[tuple[int, int, int], Rows] | None = None

    def get(self, name: str) -> Descriptor | None:
        """The last entry wins, as it does for other tools that append."""
        for known, descriptor in reversed(self._rows()):
            if known == name:
                return descriptor
        return None

    def items(self) -> Rows:
        """(name, descriptor), sorted by name; what has no name is left out."""
        return tuple(sorted(dict(row for row in self._rows() if row[0]).items()))

    def untagged(self) -> tuple[Descriptor, ...]:
        """Images that are kept without a name."""
        return tuple(descriptor for name, descriptor in self._rows() if not name)

    def set(self, name: str, descriptor: Descriptor, *, keep_previous: bool = False) -> None:
        """Afterwards `name` means `descriptor`. The image that it meant before stays, without a name, only when
        `keep_previous` asks for it and nothing else names it."""

        def change(rows: Rows) -> Rows:
            previous = [old for known, old in rows if known == name and old != descriptor]
            others = [row for row in rows if row[0] != name and row != ("", descriptor)]
            named = {old.digest for _, old in others}
            kept = [("", old) for old in previous if keep_previous and old.digest not in named]
            return (*others, *kept, (name, descriptor))

        self._change(change)

    def keep(self, descriptor: Descriptor) -> None:
        """Afterwards the image is in the index, without a name unless it has one."""
        self._change(lambda rows: rows if any(descriptor == old for _, old in rows) else (*rows, ("", descriptor)))

    def remove(self, name: str) -> bool:
        """False when there was no such name."""
        return self._change(lambda rows: tuple(row for row in rows if row[0] != name))

    def forget(self, digest: Digest) -> bool:
        """Removes the image from the index under whatever names; False when it was not there."""
        return self._change(lambda rows: tuple(row for row in rows if row[1].digest != digest))

    def restore(self) -> bool:
        """Writes `index.json` anew: as it was after our last change, or, where the copy of that is damaged too, empty;
        False then."""
        with FileLock(self._lock_path), storing(self._path):
            data = self._copy()
            self._replace(data or EMPTY_INDEX)
        return data is not None

    def copied(self) -> dict[str, Descriptor]:
        """What names meant after our last change, by the copy."""
        data = self._copy()
        return {name: descriptor for name, descriptor in _rows_of(parse_index(data)) if name} if data else {}

    def _copy(self) -> bytes | None:
        with suppress(FileNotFoundError, StoreError), open(f"{self._folder}/{COPY}", "rb") as file:
            checksum, _, data = file.read(_LIMIT + 16).partition(b"\n")
            if checksum == b"%08x" % crc32(data) and parse_index(data):
                return data
        return None

    def _rows(self) -> Rows:
        with storing(self._path):
            status = os.stat(self._path)
            version = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._read is None or self._read[0] != version:
                self._read = version, _rows_of(self._load())
            return self._read[1]

    def _load(self) -> _Index:
        with open(self._path, "rb") as file:
            return parse_index(file.read(_LIMIT + 1))

    def _change(self, change: Callable[[Rows], Rows]) -> bool:
        """Writes what `change` makes of the entries; False, and no write, when that is the same."""
        with FileLock(self._lock_path), storing(self._path):
            index = self._load()
            before = _rows_of(index)
            after = change(before)
            if set(after) == set(before):
                return False
            for name, descriptor in set(after) - set(before):
                self._hold(name, descriptor)
            self._temporary.settle()
            as_written = dict(zip(before, _manifests(index), strict=True))
            manifests = [as_written.get(row) or _to_json(*row) for row in after]
            self._replace(json.dumps(index | {"manifests": manifests}).encode())
        return True

    def _replace(self, data: bytes) -> None:
        from builder.store.durable import sync_directory

        fd, path = self._temporary.file()
        try:
            with open(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(fd, 0o644)
                os.fsync(fd)
            os.rename(path, self._path)
            sync_directory(self._folder)
        except BaseException:
            discard(path)
            raise
        self._temporary.write(f"{self._folder}/{COPY}", b"%08x\n" % crc32(data) + data)


def parse_index(data: bytes) -> _Index:
    """Reads an untrusted `index.json`; members that we do not know stay. Raises StoreError `bad-index`."""
    try:
        index = json.loads(data)
        _rows_of(index)
    except (ValueError, RecursionError, TypeError, BuilderError) as error:
        raise StoreError(
            "bad-index", f"the store's index.json is damaged: {error}", hint="restore it, or start with a new --root"
        ) from error
    return dict(index)


def _manifests(index: object) -> list[object]:
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list):
        raise TypeError("not an object with a list of manifests")
    return manifests


def _rows_of(index: _Index) -> Rows:
    rows = []
    for item in _manifests(index):
        descriptor = Descriptor.from_json(item)
        name = descriptor.annotation(REF_NAME) or ""
        rest = tuple(pair for pair in descriptor.annotations if pair[0] != REF_NAME)
        rows.append((name, descriptor._replace(annotations=rest)))
    return tuple(rows)


def _to_json(name: str, descriptor: Descriptor) -> dict[str, object]:
    if name:
        annotations = tuple(sorted((*descriptor.annotations, (REF_NAME, name))))
        descriptor = descriptor._replace(annotations=annotations)
    return descriptor.to_json()
