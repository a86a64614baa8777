"""What `pybuild images` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from builder.images.filters import Filter, fits_name
from builder.images.find import Entry, entries
from builder.model.digest import Digest
from builder.model.reference import Reference
from builder.store.store import Store

NONE = "<none>"


class PlatformRow(NamedTuple):
    """One image of an index, as far as the store has it."""

    platform: str
    id: Digest
    digest: Digest
    size_bytes: int


class ImageRow(NamedTuple):
    repository: str
    tag: str
    id: Digest
    digest: Digest
    """Of the manifest, or of the index of several platforms."""
    created: str
    """RFC 3339; empty when the image does not say."""
    size_bytes: int
    """Of its layers' blobs, as compressed as they are kept, each once."""
    shared_bytes: int
    """Of those that another image of the store has too."""
    unique_bytes: int
    """What its removal frees, were nothing of it cached."""
    platforms: tuple[PlatformRow, ...] = ()
    """Of an index."""


def list_images(
    store: Store, *, unnamed: bool = False, repository: str = "", filters: Iterable[Filter] = ()
) -> list[ImageRow]:
    """One row per name, sorted by name; with `unnamed` also images without one. `repository` keeps one repository, or
    one name with a tag."""
    every = list(entries(store))
    owners = Counter(digest for entry in every for digest in _blobs(entry))
    rows = [
        _row(entry, name, owners)
        for entry in every
        for name in entry.names or (("",) if unnamed else ())
        if (not repository or fits_name(name, repository)) and all(keeps(entry, name) for keeps in filters)
    ]
    return sorted(rows, key=lambda row: (row.repository == NONE, row.repository, row.tag))


def _row(entry: Entry, name: str, owners: Counter[Digest]) -> ImageRow:
    repository, tag = _split(name) if name else (NONE, NONE)
    blobs = _blobs(entry)
    size = sum(blobs.values())
    shared = sum(blob_size for digest, blob_size in blobs.items() if owners[digest] > 1)
    digest, created = entry.descriptor.digest, entry.image.config.created
    platforms = tuple(
        PlatformRow(str(image.descriptor.platform), image.id, image.descriptor.digest, image.size_bytes)
        for image in entry.images
        if image.descriptor.digest != digest
    )
    identifier = digest if platforms else entry.image.id
    return ImageRow(repository, tag, identifier, digest, created, size, shared, size - shared, platforms)


def _blobs(entry: Entry) -> dict[Digest, int]:
    return {layer.digest: layer.size for image in entry.images for layer in image.manifest.layers}


def _split(name: str) -> tuple[str, str]:
    reference = Reference.parse(name)
    return reference._replace(tag="", digest=None).familiar, reference.tag or NONE
