"""What scripts read after a build: `--iidfile` and `--metadata-file` (buildx's keys)."""

from __future__ import annotations

import json

from builder.images.index import Built, ImageIndex
from builder.outputs.destination import write_whole


def write_iidfile(path: str, image: Built) -> None:
    """Afterwards the file holds the image id (of an index its digest) and nothing else, as docker writes it. Atomic."""
    write_whole(path, image.id.encode())


def write_metadata_file(path: str, image: Built, names: tuple[str, ...], build_id: str) -> None:
    """Atomic. `names` are those that the build gave the image; `build_id` is what `explain` knows the build by."""
    value: dict[str, object] = {
        "buildx.build.ref": build_id,
        "containerimage.descriptor": image.descriptor.to_json(),
        "containerimage.digest": image.descriptor.digest,
    }
    if not isinstance(image, ImageIndex):
        value["containerimage.config.digest"] = image.id
    if names:
        value["image.name"] = ",".join(names)
    write_whole(path, json.dumps(value, indent=2, sort_keys=True).encode() + b"\n")
