"""What `pybuild images` shows."""

from __future__ import annotations

from typing import NamedTuple

from builder.images.find import entries
from builder.model.digest import Digest
from builder.model.reference import Reference
from builder.store.store import Store

NONE = "<none>"


class ImageRow(NamedTuple):
    repository: str
    tag: str
    id: Digest
    digest: Digest
    """Of the manifest."""
    created: str
    """RFC 3339; empty when the image does not say."""
    size_bytes: int
    """Of its layers' blobs, as compressed as they are kept."""


def list_images(store: Store, *, unnamed: bool = False, repository: str = "") -> list[ImageRow]:
    """One row per name, sorted by name; with `unnamed` also images without one. `repository` keeps one repository, or
    one name with a tag."""
    rows = []
    for entry in entries(store):
        image = entry.image
        for name in entry.names or ((NONE,) if unnamed else ()):
            if name != NONE and not _fits(name, repository):
                continue
            short, tag = (NONE, NONE) if name == NONE else _split(name)
            rows.append(ImageRow(short, tag, image.id, entry.descriptor.digest, image.config.created, image.size_bytes))
    return sorted(rows, key=lambda row: (row.repository == NONE, row.repository, row.tag))


def _split(name: str) -> tuple[str, str]:
    head, colon, tail = name.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (name, NONE)


def _fits(name: str, repository: str) -> bool:
    if not repository:
        return True
    wanted, _, tag = repository.rpartition(":")
    if wanted and "/" not in tag:
        return name == Reference.parse(repository).familiar
    return _split(name)[0] == _split(Reference.parse(repository).familiar)[0]
