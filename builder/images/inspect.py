"""What `pybuild inspect` shows: docker's members, so that scripts go on working, and OCI's digests."""

from __future__ import annotations

from builder.images.find import find_image
from builder.images.stored import stored_image
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.store import Store


def inspect_image(store: Store, text: str, platform: Platform | None = None) -> dict[str, object]:
    """`platform` chooses from an index; None takes its first image."""
    found = find_image(store, text)
    image = stored_image(store, found.descriptor, text, platform)
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
    return value
