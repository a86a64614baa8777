"""Is everything in the store what it says it is? Reads all of it and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from builder.errors import StoreError
from builder.model.descriptor import Descriptor
from builder.model.digest import HEX_LENGTHS, is_hex
from builder.store.reach import reach
from builder.store.store import Store

Told = Callable[[int, int], None]
"""Hears how many are done, of how many."""


class Finding(NamedTuple):
    code: str
    """Stable: `index-damaged`, `blob-damaged`, `blob-missing`, `blob-unreadable`, `table-damaged`,
    `snapshot-incomplete`, `layer-unknown` or `unknown-file`; `builder/health` adds others."""
    subject: str
    """A digest, or a path below the store's root."""
    message: str


def check(store: Store, told: Told = lambda *_: None) -> list[Finding]:
    """Every fault there is; empty when the store is whole. Other processes may go on meanwhile: what they have removed
    since it was looked at is no fault."""
    return [*_blobs(store, told), *_index(store), *_derived(store)]


def _blobs(store: Store, told: Told) -> Iterator[Finding]:
    digests = list(store.blobs.all())
    for done, digest in enumerate(digests):
        told(done, len(digests))
        try:
            with store.blobs.open(digest, drop_damaged=False) as reader:
                reader.finish()
        except StoreError as error:
            if error.code != "blob-missing":  # collected meanwhile
                yield Finding("blob-damaged", digest, error.message)
    for algorithm in sorted(os.listdir(f"{store.root}/blobs")):
        for name in sorted(os.listdir(f"{store.root}/blobs/{algorithm}")):
            if not is_hex(name, HEX_LENGTHS.get(algorithm, 0)):
                yield Finding("unknown-file", f"blobs/{algorithm}/{name}", "its name is no digest")


def _index(store: Store) -> Iterator[Finding]:
    try:
        yield from _images(store)
    except StoreError as error:
        yield Finding("index-damaged", "index.json", error.message)


def _images(store: Store) -> Iterator[Finding]:
    for name, descriptor in (*store.refs.items(), *(("", descriptor) for descriptor in store.refs.untagged())):
        title = name or str(descriptor.digest)
        found = reach(store.blobs, [descriptor])
        if (found.missing or found.unreadable) and not _is_named(store, descriptor):
            continue
        for missing in found.missing:
            yield Finding("blob-missing", missing.digest, f"image {title} needs it ({missing.media_type})")
        for unreadable, why in found.unreadable:
            yield Finding(
                "blob-unreadable", unreadable.digest, f"image {title} needs it ({unreadable.media_type}): {why}"
            )


def _is_named(store: Store, descriptor: Descriptor) -> bool:
    return descriptor in (*dict(store.refs.items()).values(), *store.refs.untagged())


def _derived(store: Store) -> Iterator[Finding]:
    for diff_id in store.tables.all():
        try:
            store.tables.load(diff_id)
        except StoreError as error:
            if os.path.exists(store.tables.path(diff_id)):
                yield Finding("table-damaged", diff_id, error.message)
    for diff_id in store.snapshots.all():
        if not store.snapshots.is_whole(diff_id) and os.path.exists(store.snapshots.folder(diff_id)):
            yield Finding("snapshot-incomplete", diff_id, "the snapshot has no directory of files")
    for diff_id in store.layers.all():
        if not store.layers.all_of(diff_id) and os.path.exists(store.layers.path(diff_id)):
            yield Finding("layer-unknown", diff_id, "the list of its blobs is damaged")
