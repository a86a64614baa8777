"""What `pybuild inspect` shows: docker's members, so that scripts go on working, and OCI's digests."""

from __future__ import annotations

import json

from builder.images.find import Found, find_image
from builder.images.select import image_entries
from builder.images.stored import Image, stored_image, stored_images
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.manifest import Index
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.store import Store


def inspect_image(
    store: Store, text: str, platform: Platform | None = None, host: Platform | None = None
) -> dict[str, object]:
    """`platform` chooses from an index; without it the one of `host` is shown, else the first. `Manifests` says, as
    docker's API does, what else the index has."""
    found = find_image(store, text)
    return _described(store, found, _chosen(store, found, text, platform, host))


def inspect_platforms(store: Store, text: str) -> list[dict[str, object]]:
    """`inspect_image` of every platform that the store has."""
    found = find_image(store, text)
    return [_described(store, found, image) for image in stored_images(store, found.descriptor, text)]


def _chosen(store: Store, found: Found, text: str, platform: Platform | None, host: Platform | None) -> Image:
    if platform:
        return stored_image(store, found.descriptor, text, platform)
    images = stored_images(store, found.descriptor, text)
    fitting = [image for image in images if host and image.config.platform.matches(host)]
    return fitting[0] if fitting else stored_image(store, found.descriptor, text)


def _described(store: Store, found: Found, image: Image) -> dict[str, object]:
    config = image.config.to_json()
    repositories = sorted({Reference.parse(name)._replace(tag="").familiar for name in found.names})
    value: dict[str, object] = {
        "Id": image.id,
        "RepoTags": list(found.names),
        "RepoDigests": [f"{repository}@{found.descriptor.digest}" for repository in repositories],
        "Comment": image.config.history[-1].comment if image.config.history else "",
        "Created": image.config.created,
        "Author": image.config.author,
        "Architecture": image.config.platform.architecture,
        "Variant": image.config.platform.variant,
        "Os": image.config.platform.os,
        "Size": image.size_bytes,
        "Config": config["config"],
        "RootFS": {"Type": "layers", "Layers": list(image.config.diff_ids)},
        "Descriptor": found.descriptor.to_json(),
        "Manifest": image.manifest.to_json(),
    }
    if not value["Variant"]:
        del value["Variant"]
    if found.descriptor.media_type in media_types.INDEXES:
        value["Manifests"] = _manifests(store, found.descriptor)
    return value


def _manifests(store: Store, top: Descriptor) -> list[dict[str, object]]:
    """What an index names, the store's or not."""
    here = {image.descriptor.digest: image for image in stored_images(store, top, top.digest)}
    rows: list[dict[str, object]] = []
    entries = Index.from_json(json.loads(store.blobs.read(top.digest))).manifests
    images = image_entries(entries)
    for entry in entries:
        image = here.get(entry.digest)
        row: dict[str, object] = {
            "ID": entry.digest,
            "Descriptor": entry.to_json(),
            "Available": image is not None,
            "Kind": "image" if entry in images else "attestation",
        }
        if image:
            row["ImageData"] = {"Platform": str(image.config.platform), "Id": image.id, "Size": image.size_bytes}
        rows.append(row)
    return rows
