"""What images consist of: every blob and diff id that can be reached from their descriptors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from builder.errors import BuilderError
from builder.model import media_types
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.store.blobs import Blobs


class Reach(NamedTuple):
    blobs: set[Digest]
    """Including those that are missing."""
    diff_ids: set[Digest]
    missing: list[Descriptor]
    """Referred to, and not in the store (or of another size). Of an index with some platforms here, the others are
    not missing."""
    unreadable: list[tuple[Descriptor, str]]
    """Manifests, indexes and configs that are damaged, and what is wrong with them."""


def reach(blobs: Blobs, descriptors: Iterable[Descriptor], *, whole: bool = False) -> Reach:
    """Follows indexes to manifests, and manifests to configs and layers. Content of other types is a leaf. Changes
    nothing, not even what is damaged."""
    found = Reach(set(), set(), [], [])
    pending = list(descriptors)
    while pending:
        descriptor = pending.pop()
        if descriptor.digest in found.blobs:
            continue
        found.blobs.add(descriptor.digest)
        if blobs.size(descriptor.digest) != descriptor.size:
            found.missing.append(descriptor)
            continue
        try:
            following = _next(blobs, descriptor, found.diff_ids)
        except (BuilderError, ValueError, RecursionError) as error:
            found.unreadable.append((descriptor, str(error)))
            continue
        here = [other for other in following if blobs.size(other.digest) == other.size]
        partly = not whole and here and descriptor.media_type in media_types.INDEXES
        pending += here if partly else following
    return found


def _next(blobs: Blobs, descriptor: Descriptor, diff_ids: set[Digest]) -> tuple[Descriptor, ...]:
    def content() -> object:
        return json.loads(blobs.read(descriptor.digest, drop_damaged=False))

    kind = descriptor.media_type
    if kind in media_types.INDEXES:
        return Index.from_json(content()).manifests
    if kind in media_types.MANIFESTS:
        manifest = Manifest.from_json(content())
        return (manifest.config, *(layer for layer in manifest.layers if layer.media_type not in media_types.ELSEWHERE))
    if kind in media_types.CONFIGS:
        diff_ids.update(ImageConfig.from_json(content()).diff_ids)
    return ()
