"""type=oci: an OCI image layout, as one archive or as a directory that other tools read in place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from builder.images.destinations.layout import LayoutDestination
from builder.images.fetch import ensure_blobs
from builder.images.index import Built
from builder.images.layout import INDEX, LAYOUT, LAYOUT_FILE
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.outputs.archive import write_archive
from builder.outputs.destination import open_destination
from builder.outputs.layout import blobs_of, index_of, named_entries
from builder.outputs.types import Means, OutputSpec

_CHUNK = 1 << 20


class OciOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._means = means

    def write(self, image: Built) -> None:
        """A directory that is a layout already gains the image, and names that it had for others move to it."""
        ensure_blobs(self._means.store, image.layers, self._means.open_source)
        if self._spec.as_tar:
            files = {INDEX: index_of(image, self._spec.names), LAYOUT: LAYOUT_FILE}
            with open_destination(self._spec.dest, self._means.stdout_fd) as out:
                write_archive(self._means.store, blobs_of(image), files, out)
        else:
            self._write_directory(image, self._spec.dest)

    def _write_directory(self, image: Built, path: str) -> None:
        store, folder = self._means.store, LayoutDestination(path)
        folder.check()

        def content(digest: Digest, start: int) -> Iterator[bytes]:  # noqa: ARG001 - a folder asks for all of it
            with store.blobs.open(digest) as reader:
                while chunk := reader.read(_CHUNK):
                    yield chunk

        for digest, size in blobs_of(image).items():
            blob = Descriptor("", digest, size)
            if not folder.has_blob(blob):
                folder.put_blob(blob, partial(content, digest), ())
        folder.enter(named_entries(image.descriptor, self._spec.names))
