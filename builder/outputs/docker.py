"""type=docker: an archive for docker load and podman load (moby image-spec v1.2, section Combined Image JSON)."""

from __future__ import annotations

from builder.images.fetch import ensure_blobs
from builder.images.index import Built, ImageIndex
from builder.images.layout import INDEX, LAYOUT, LAYOUT_FILE, blob_path
from builder.images.stored import Image
from builder.model.canonical import canonical
from builder.outputs.archive import write_archive
from builder.outputs.destination import open_destination
from builder.outputs.layout import blobs_of, index_of
from builder.outputs.platforms import docker_holds_one
from builder.outputs.types import Means, OutputSpec


class DockerOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._means = means

    def write(self, image: Built) -> None:
        if isinstance(image, ImageIndex):
            raise docker_holds_one()
        ensure_blobs(self._means.store, image.layers, self._means.open_source)
        names = self._spec.names
        files = {
            INDEX: index_of(image, names),
            LAYOUT: LAYOUT_FILE,
            "manifest.json": canonical([manifest_entry(image, names)]),
        }
        with open_destination(self._spec.dest, self._means.stdout_fd) as out:
            write_archive(self._means.store, blobs_of(image), files, out)


def manifest_entry(image: Image, names: tuple[str, ...]) -> dict[str, object]:
    """What `manifest.json` says of one image: where config and layers are within the archive."""
    return {
        "Config": blob_path(image.id),
        "RepoTags": list(names),
        "Layers": [blob_path(layer.digest) for layer in image.manifest.layers],
    }
