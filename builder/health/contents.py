"""Layers against what is said of them. Every layer's archive is read once."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from builder.errors import BuilderError, LayerError
from builder.layers.compress import decompress
from builder.layers.contents import read_contents
from builder.layers.hashed import HashedStream
from builder.layers.scan import FileItem, scan_upper
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.solve.types import Record
from builder.store.check import Finding
from builder.store.store import Store

_CHUNK = 1 << 20
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)


def layer_findings(store: Store, records: Sequence[Record]) -> Iterator[Finding]:
    """`layer-unknown`, `record-damaged`, `table-differs`, `snapshot-changed`."""
    claims: dict[Digest, set[Digest]] = defaultdict(set)
    for diff_id in store.layers.all():
        for descriptor in store.layers.all_of(diff_id):
            claims[descriptor.digest].add(diff_id)
    for record in records:
        claims[record.layer.descriptor.digest].add(record.layer.diff_id)
    for blob, said in sorted(claims.items()):
        yield from _of_blob(store, blob, said, records)
    for diff_id in store.snapshots.all():
        if store.tables.has(diff_id) and store.snapshots.is_whole(diff_id):
            yield from _of_snapshot(store, diff_id)


def _of_blob(store: Store, blob: Digest, said: set[Digest], records: Sequence[Record]) -> Iterator[Finding]:
    if store.blobs.size(blob) is None:
        return
    try:
        with store.blobs.open(blob, drop_damaged=False) as reader:
            stream = HashedStream(decompress(reader))
            table = read_contents(stream)
    except BuilderError:
        return  # damaged, which another check tells, or no layer that we understand
    actual = stream.digest
    for diff_id in sorted(said - {actual}):
        if any(descriptor.digest == blob for descriptor in store.layers.all_of(diff_id)):
            yield Finding("layer-unknown", diff_id, f"its blob {blob} carries {actual}")
        for record in records:
            if record.layer.descriptor.digest == blob and record.layer.diff_id == diff_id:
                yield Finding("record-damaged", record.key, f"its layer's blob carries {actual}, not {diff_id}")
    try:
        if os.path.exists(store.tables.path(actual)) and store.tables.load(actual) != table:
            yield Finding("table-differs", actual, "the table of contents is not that of the layer")
    except BuilderError:
        return  # told by the first look


def _of_snapshot(store: Store, diff_id: Digest) -> Iterator[Finding]:
    try:
        wanted = {entry.path: entry for entry in store.tables.load(diff_id)}
    except BuilderError:
        return
    path = f"{store.snapshots.folder(diff_id)}/fs"
    try:
        for difference in _differences(wanted, scan_upper(path)):
            yield Finding("snapshot-changed", diff_id, difference)
            return
    except (LayerError, PermissionError):
        return  # files of other users: we may not look


def _differences(wanted: dict[str, Entry], items: Iterator[FileItem]) -> Iterator[str]:
    found: dict[str, Entry] = {}
    for entry, opener in items:
        found[entry.path] = entry
        known = _resolved(wanted, entry.path)
        if known is None:
            if entry.kind not in (Kind.DIRECTORY, *_MARKERS):
                yield f"/{entry.path} is not of the layer"
        elif entry.kind is not Kind.HARDLINK and (what := _difference(known, entry, opener)):
            yield f"/{entry.path}: {what}"
    for path, entry in wanted.items():
        if path not in found and entry.kind not in _MARKERS:
            yield f"/{path} is gone"


def _resolved(wanted: dict[str, Entry], path: str) -> Entry | None:
    """Which of several links is the first depends on who looks."""
    entry = wanted.get(path)
    while entry is not None and entry.kind is Kind.HARDLINK:
        entry = wanted.get(entry.link)
    return entry


def _difference(wanted: Entry, found: Entry, opener: Callable[[], int] | None) -> str:
    """In what the file is not what it should be; empty where it is. Times do not count, and owners as far as only root
    sees them as they are."""
    if found.kind in _MARKERS:
        return ""
    fields = ["kind", "mode", "size", "link", "device"]
    if os.geteuid() == 0:
        fields += ["uid", "gid"]
    if wanted.kind is Kind.SYMLINK:
        fields.remove("mode")
    for field in fields:
        if getattr(wanted, field) != getattr(found, field):
            return f"{field} {getattr(wanted, field)} expected, {getattr(found, field)} found"
    if opener and wanted.digest and _digest(opener) != wanted.digest:
        return "its content has changed"
    return ""


def _digest(opener: Callable[[], int]) -> str:
    state = hashlib.sha256()
    with open(opener(), "rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            state.update(data)
    return state.hexdigest()
