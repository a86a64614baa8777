"""Layers against what is said of them. Every layer's archive is read once."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from builder.errors import BuilderError, LayerError, StoreError
from builder.images.stored import stored_images
from builder.layers.compress import decompress
from builder.layers.contents import read_contents
from builder.layers.hashed import HashedStream
from builder.layers.scan import FileItem, scan_upper
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.solve.types import Record
from builder.store.check import Finding, Told
from builder.store.store import Store

_CHUNK = 1 << 20
_MARKERS = (Kind.WHITEOUT, Kind.OPAQUE)


def layer_findings(store: Store, records: Sequence[Record], told: Told) -> Iterator[Finding]:
    """`layer-unknown`, `record-damaged`, `table-differs`, `snapshot-changed`."""
    read: set[Digest] = set()
    claims = sorted(_claims(store, records).items())
    for done, (blob, said) in enumerate(claims):
        told(done, len(claims))
        found = _read(store, blob)
        if found is not None:
            actual, table = found
            yield from _of_blob(store, blob, said, actual, records)
            if actual not in read:
                yield from _of_layer(store, actual, table)
            read.add(actual)
    for diff_id in store.snapshots.all():
        if diff_id not in read:  # its blob is elsewhere, or damaged
            with suppress(BuilderError):
                yield from _of_snapshot(store, diff_id, store.tables.load(diff_id))


def _claims(store: Store, records: Sequence[Record]) -> dict[Digest, set[Digest]]:
    """By blob, the layers that somebody says it carries."""
    claims: dict[Digest, set[Digest]] = defaultdict(set)
    for diff_id in store.layers.all():
        for descriptor in store.layers.all_of(diff_id):
            claims[descriptor.digest].add(diff_id)
    layers = [record.layer for record in records]
    with suppress(StoreError):  # of a damaged index
        for descriptor in (*dict(store.refs.items()).values(), *store.refs.untagged()):
            with suppress(BuilderError):  # told by the first look
                for image in stored_images(store, descriptor, "", quietly=True):
                    layers += image.layers
    for layer in layers:
        claims[layer.descriptor.digest].add(layer.diff_id)
    return claims


def _read(store: Store, blob: Digest) -> tuple[Digest, list[Entry]] | None:
    """What the blob carries; None where it is damaged, which another check tells, or no layer that we understand."""
    if store.blobs.size(blob) is None:
        return None
    try:
        with store.blobs.open(blob, drop_damaged=False) as reader:
            stream = HashedStream(decompress(reader))
            table = read_contents(stream)
    except BuilderError:
        return None
    return stream.digest, table


def _of_blob(
    store: Store, blob: Digest, said: set[Digest], actual: Digest, records: Sequence[Record]
) -> Iterator[Finding]:
    for diff_id in sorted(said - {actual}):
        if any(descriptor.digest == blob for descriptor in store.layers.all_of(diff_id)):
            yield Finding("layer-unknown", diff_id, f"its blob {blob} carries {actual}")
        for record in records:
            if record.layer.descriptor.digest == blob and record.layer.diff_id == diff_id:
                yield Finding("record-damaged", record.key, f"its layer's blob carries {actual}, not {diff_id}")


def _of_layer(store: Store, diff_id: Digest, table: list[Entry]) -> Iterator[Finding]:
    with suppress(BuilderError):  # missing, or told by the first look
        if store.tables.load(diff_id) != table:
            yield Finding("table-differs", diff_id, "the table of contents is not that of the layer")
    yield from _of_snapshot(store, diff_id, table)


def _of_snapshot(store: Store, diff_id: Digest, table: list[Entry]) -> Iterator[Finding]:
    if not store.snapshots.is_whole(diff_id):
        return
    wanted = {entry.path: entry for entry in table if entry.kind not in _MARKERS}
    path = f"{store.snapshots.folder(diff_id)}/fs"
    try:
        difference = next(_differences(wanted, scan_upper(path)), "")
    except (LayerError, PermissionError, FileNotFoundError):
        return  # files of other users: we may not look; or it was removed meanwhile
    if difference and store.snapshots.is_whole(diff_id):
        yield Finding("snapshot-changed", diff_id, difference)


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
    for path in wanted:
        if path not in found:
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
