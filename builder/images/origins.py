"""Which source has a blob that the store does not, and what a name meant when a registry was last asked.

Both are records in the store's folder `sources`, small JSON files. They are hints: a blob is verified when it comes,
and what is forgotten is looked up again.
"""

from __future__ import annotations

import json

from builder.errors import BuilderError
from builder.lean import NamedTuple, sha256_hex
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.store import Store

_MOST_ORIGINS = 8


class Lookup(NamedTuple):
    """What a name meant."""

    descriptor: Descriptor
    """Of an index or a manifest, whose bytes are in the store."""
    origin: str


def remember_blob(store: Store, digest: Digest, origin: str) -> None:
    """Afterwards `origins_of(store, digest)` begins with `origin`."""
    known = origins_of(store, digest)
    if known[:1] != (origin,):
        rest = [other for other in known if other != origin]
        store.temporary.write(_blob_path(store, digest), json.dumps([origin, *rest][:_MOST_ORIGINS]).encode())


def origins_of(store: Store, digest: Digest) -> tuple[str, ...]:
    """The sources that are known to have the blob, newest first."""
    value = _read(_blob_path(store, digest))
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def remember_lookup(store: Store, name: str, lookup: Lookup) -> None:
    """`name` is the canonical form of a reference."""
    if recall_lookup(store, name) != lookup:
        record = {"name": name, "descriptor": lookup.descriptor.to_json(), "origin": lookup.origin}
        store.temporary.write(_name_path(store, name), json.dumps(record).encode())


def recall_lookup(store: Store, name: str) -> Lookup | None:
    """What was remembered for `name`, provided that the document is still there."""
    value = _read(_name_path(store, name))
    if not isinstance(value, dict) or not isinstance(value.get("origin"), str):
        return None
    try:
        descriptor = Descriptor.from_json(value.get("descriptor"))
    except BuilderError:
        return None
    return Lookup(descriptor, value["origin"]) if store.blobs.has(descriptor.digest, descriptor.size) else None


def lookups(store: Store) -> tuple[Lookup, ...]:
    """All that is remembered of names: documents that garbage collection should keep with their configs."""
    import os

    found = []
    for entry in sorted(os.listdir(store.folder("sources"))):
        value = _read(f"{store.folder('sources')}/{entry}") if entry.startswith("name.") else None
        lookup = recall_lookup(store, str(value.get("name"))) if isinstance(value, dict) else None
        found += [lookup] if lookup else []
    return tuple(found)


def _read(path: str) -> object:
    try:
        with open(path, "rb") as file:
            value: object = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return value


def _blob_path(store: Store, digest: Digest) -> str:
    return f"{store.folder('sources')}/blob.{digest.algorithm}.{digest.hex}"


def _name_path(store: Store, name: str) -> str:
    return f"{store.folder('sources')}/name.{sha256_hex(name.encode())}"
