"""Which source has a blob that the store does not, and what a name meant when a registry was last asked.

Both are records in the store's folder `sources`, small JSON files. They are hints: a blob is verified when it comes,
and what is forgotten is looked up again.
"""

from __future__ import annotations

import json
from contextlib import suppress

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
    lookup = _lookup_of(_read(_name_path(store, name)))
    return lookup if lookup and store.blobs.has(lookup.descriptor.digest, lookup.descriptor.size) else None


def _lookup_of(value: object) -> Lookup | None:
    if not isinstance(value, dict) or not isinstance(value.get("origin"), str):
        return None
    try:
        return Lookup(Descriptor.from_json(value.get("descriptor")), value["origin"])
    except BuilderError:
        return None


def lookups(store: Store) -> tuple[Lookup, ...]:
    """All that is remembered of names: documents that garbage collection should keep with their configs."""
    return tuple(kept_lookups(store).values())


def kept_lookups(store: Store) -> dict[str, Lookup]:
    """The same by name. Looks, and is no use of them."""
    import os

    found = {}
    for entry in sorted(os.listdir(store.folder("sources"))):
        value = _read(f"{store.folder('sources')}/{entry}") if entry.startswith("name.") else None
        name = value.get("name") if isinstance(value, dict) else None
        lookup = _lookup_of(value) if isinstance(name, str) and entry == f"name.{sha256_hex(name.encode())}" else None
        if lookup and store.blobs.size(lookup.descriptor.digest) == lookup.descriptor.size:
            found[str(name)] = lookup
    return found


def forget_lookup(store: Store, name: str) -> None:
    """Afterwards a registry is asked what `name` means."""
    import os

    with suppress(FileNotFoundError):
        os.unlink(_name_path(store, name))


def forget_blobs(store: Store) -> None:
    """Forgets the sources of blobs that are not in the store and that no lookup leads to any more."""
    import os

    if any(entry.startswith("name.") for entry in os.listdir(store.folder("sources"))):
        return
    for entry in os.listdir(store.folder("sources")):
        if entry.startswith("blob."):
            with suppress(FileNotFoundError):
                os.unlink(f"{store.folder('sources')}/{entry}")


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
