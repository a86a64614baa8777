"""The files of an OCI image layout by name (OCI image-spec, image-layout.md), and its index."""

from __future__ import annotations

from collections.abc import Iterable

from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index

LAYOUT = "oci-layout"
LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'
INDEX = "index.json"
TAG = "org.opencontainers.image.ref.name"
NAME = "io.containerd.image.name"


def blob_path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def added(entries: Iterable[Descriptor], others: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    """`entries` after those of `others` that they do not replace."""
    entries = tuple(entries)
    new = {_key(entry) for entry in entries}
    return (*(entry for entry in others if _key(entry) not in new), *entries)


def index_file(entries: tuple[Descriptor, ...]) -> bytes:
    return canonical(Index(entries).to_json())


def _key(entry: Descriptor) -> tuple[object, ...]:
    """Entries of the same names replace each other; those without a name, of the same digest."""
    name, tag = entry.annotation(NAME), entry.annotation(TAG)
    return (name, tag) if name or tag else (entry.digest,)
