"""Images of the store to one archive: `pybuild save`. The same images give the same bytes, in whatever order they are
named and whatever else is in the store.

Both formats are an OCI layout; docker's has `manifest.json` beside it, as docker save has written it since version 25,
for loaders that read nothing else. That file can say one platform of an image only, the layout says them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from builder.images.fetch import Progress, ensure_blobs
from builder.images.find import find_image
from builder.images.layout import INDEX, LAYOUT, LAYOUT_FILE
from builder.images.select import serves
from builder.images.stored import Image, stored_image, stored_images
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.model.platform import Platform
from builder.outputs.archive import write_archive
from builder.outputs.destination import open_destination
from builder.outputs.docker import manifest_entry
from builder.outputs.layout import named_entries
from builder.outputs.types import Means
from builder.store.reach import reach


class ArchiveFormat(StrEnum):
    DOCKER = "docker-archive"
    OCI = "oci-archive"


class SaveOptions(NamedTuple):
    dest: str
    """A path, or `-` for standard output."""
    host: Platform
    """Which platform `manifest.json` says of an image that has several."""
    form: ArchiveFormat = ArchiveFormat.DOCKER
    platform: Platform | None = None
    """Only this one of images that have several."""


class _Chosen(NamedTuple):
    top: Descriptor
    names: tuple[str, ...]
    images: tuple[Image, ...]


def save_images(means: Means, texts: Sequence[str], options: SaveOptions, progress: Progress | None = None) -> None:
    """Afterwards the archive at `options.dest` holds each image (a name or an id) with the names that it was asked for
    by, or after an error nothing. Platforms of an index that the store does not have are not in the archive either."""
    chosen = _chosen(means, texts, options.platform)
    for item in chosen:
        for image in item.images:
            ensure_blobs(means.store, image.layers, means.open_source, progress)
    entries = tuple(entry for item in chosen for entry in named_entries(item.top, item.names))
    files = {INDEX: canonical(Index(entries).to_json()), LAYOUT: LAYOUT_FILE}
    if options.form is ArchiveFormat.DOCKER:
        files["manifest.json"] = canonical([_docker_entry(item, options.host) for item in chosen])
    with open_destination(options.dest, means.stdout_fd) as out:
        write_archive(means.store, _blobs(means, chosen), files, out, progress)


def _chosen(means: Means, texts: Sequence[str], platform: Platform | None) -> list[_Chosen]:
    """Each image once, sorted by name and digest."""
    names: dict[Descriptor, set[str]] = {}
    for text in texts:
        found = find_image(means.store, text)
        top = found.descriptor._replace(annotations=(), platform=None)
        if platform and top.media_type in media_types.INDEXES:
            top = stored_image(means.store, top, text, platform).descriptor
        names.setdefault(top, set()).update([found.by_name] if found.by_name else ())
    items = [_Chosen(top, tuple(sorted(known)), _images(means, top)) for top, known in names.items()]
    return sorted(items, key=lambda item: (item.names, item.top.digest))


def _images(means: Means, top: Descriptor) -> tuple[Image, ...]:
    """At least one: asking for it says what an index lacks."""
    return stored_images(means.store, top, top.digest) or (stored_image(means.store, top, top.digest),)


def _docker_entry(item: _Chosen, host: Platform) -> dict[str, object]:
    fitting = [image for image in item.images if serves(image.config.platform, host)]
    return manifest_entry((fitting or list(item.images))[0], item.names)


def _blobs(means: Means, chosen: Sequence[_Chosen]) -> dict[Digest, int]:
    """Everything that the store has of the images: attestations too, whatever their media types."""
    import os

    blobs = means.store.blobs
    reached = reach(blobs, [item.top for item in chosen]).blobs
    return {digest: os.stat(blobs.path(digest)).st_size for digest in reached if blobs.has(digest)}
