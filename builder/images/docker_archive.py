"""An archive of `docker save` (of any version, podman's and skopeo's too) to an image of the store.

moby image-spec v1.2, section Combined Image JSON + Filesystem Changeset Format: `manifest.json` names a config and
layers by their paths in the archive, in whatever folders. There is no manifest, so one is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from builder.errors import ImageError
from builder.images.fetch import Progress
from builder.images.keep import keep_stream
from builder.images.sources.archive import Archive
from builder.images.stored import Image, in_oci_form
from builder.layers.compress import decompress
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.config import ImageConfig
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.manifest import Manifest
from builder.model.reference import Reference
from builder.store.store import Store

_DOCUMENT_LIMIT = 4 << 20
_CHUNK = 1 << 20


def load_docker_archive(store: Store, path: str, name: str = "") -> Image:
    """Afterwards the image is in the store, whole and without a name; `name` chooses among several. Layers that the
    store has are not read again; every other one must be what the config says."""
    archive = Archive(path)
    return _load(store, archive, _chosen(_members(archive), name, path))


def load_docker_images(
    store: Store, archive: Archive, progress: Progress | None = None
) -> list[tuple[Image, tuple[str, ...]]]:
    """`load_docker_archive` for every image of the archive; each with the names that it has there."""
    members = _members(archive)
    if not members:
        raise ImageError("bad-archive", f"{archive.path}: manifest.json names no images")
    return [(_load(store, archive, member, progress), tuple(sorted(_tags(member)))) for member in members]


def docker_names(archive: Archive) -> dict[str, tuple[str, ...]]:
    """What the archive calls its images, by the names of their configs in it."""
    return {str(member.get("Config")): tuple(sorted(_tags(member))) for member in _members(archive)}


def _load(store: Store, archive: Archive, member: dict[str, object], progress: Progress | None = None) -> Image:
    path = archive.path
    config_data = _read(archive, _text(member.get("Config"), path))
    config = ImageConfig.from_json(_parse(config_data, path))
    names = member.get("Layers")
    if not isinstance(names, list) or len(names) != len(config.diff_ids):
        raise ImageError("bad-archive", f"{path}: manifest.json and the config name different layers")
    layers = [
        _layer(store, archive, _text(layer, path), diff_id, progress)
        for layer, diff_id in zip(names, config.diff_ids, strict=True)
    ]
    config_blob = store.blobs.put_bytes(config_data, media_types.OCI_CONFIG)
    manifest = Manifest(config_blob, tuple(layer.descriptor for layer in layers))
    descriptor = store.blobs.put_bytes(canonical(manifest.to_json()), media_types.OCI_MANIFEST)
    return Image(descriptor, manifest, config)


def _layer(store: Store, archive: Archive, name: str, diff_id: Digest, progress: Progress | None) -> Layer:
    known = store.layers.find(diff_id)
    if known:
        return Layer(diff_id, in_oci_form(known))
    layer = keep_stream(store, _content(archive, name, diff_id, progress))
    if layer.diff_id != diff_id:
        raise ImageError("bad-archive", f"{archive.path}: layer {name[:200]} is damaged: it is not {diff_id}")
    return layer


def _content(archive: Archive, name: str, diff_id: Digest, progress: Progress | None) -> Iterator[bytes]:
    """The layer's tar; some tools keep it compressed."""
    with _open(archive, name) as file:
        stream = decompress(file)
        size, done = archive.size(name) or 0, 0
        while chunk := stream.read(_CHUNK):
            yield chunk
            done += len(chunk)
            if progress:
                progress(diff_id, min(done, size), size)


def _members(archive: Archive) -> list[dict[str, object]]:
    value = _parse(_read(archive, "manifest.json"), archive.path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _chosen(images: list[dict[str, object]], name: str, path: str) -> dict[str, object]:
    wanted = Reference.parse(name).familiar if name else ""
    fitting = [image for image in images if not wanted or wanted in _tags(image)]
    if len(fitting) == 1:
        return fitting[0]
    tags = ", ".join(tag for image in images for tag in sorted(_tags(image)))
    what = f"no image {name[:200]!r}" if name else f"{len(images)} images"
    raise ImageError("image-not-found", f"{path} has {what}", hint=f"name one of: {tags}" if tags else None)


def _tags(image: dict[str, object]) -> set[str]:
    tags = image.get("RepoTags")
    found = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return {familiar for tag in found if (familiar := _familiar(tag))}


def _familiar(tag: str) -> str:
    try:
        return Reference.parse(tag).familiar
    except ImageError:
        return ""


def _read(archive: Archive, name: str) -> bytes:
    with _open(archive, name) as file:
        data = file.read(_DOCUMENT_LIMIT + 1)
    if len(data) > _DOCUMENT_LIMIT:
        raise ImageError("bad-archive", f"{archive.path}: {name[:200]} is larger than any document can be")
    return data


def _open(archive: Archive, name: str) -> BinaryIO:
    try:
        return archive.open(name)
    except KeyError as error:
        hint = "docker-archive: reads what docker save writes"
        raise ImageError("bad-archive", f"{archive.path} has no {name[:200]}", hint=hint) from error


def _parse(data: bytes, path: str) -> object:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ImageError("bad-archive", f"{path}: manifest.json or the config is not JSON") from error
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ImageError("bad-archive", f"{path}: manifest.json does not name its files")
    return value
