"""type=oci: an OCI image layout, as one archive or as a directory that other tools read in place."""

from __future__ import annotations

import json
import os

from builder.errors import OutputError
from builder.images.fetch import ensure_blobs
from builder.images.index import Built
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.outputs.archive import write_archive
from builder.outputs.destination import open_destination, write_whole
from builder.outputs.layout import INDEX, LAYOUT, LAYOUT_FILE, blob_path, blobs_of, index_of
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

    def _write_directory(self, image: Built, folder: str) -> None:
        """The index comes last, so that nothing names a blob that is not there."""
        others = _others(folder)
        for digest, size in blobs_of(image).items():
            path = os.path.join(folder, blob_path(digest))
            _make_folder(os.path.dirname(path))
            if not os.path.isfile(path) or os.path.getsize(path) != size:
                self._copy_blob(digest, size, path)
        write_whole(os.path.join(folder, LAYOUT), LAYOUT_FILE)
        write_whole(os.path.join(folder, INDEX), index_of(image, self._spec.names, others))

    def _copy_blob(self, digest: Digest, size: int, path: str) -> None:
        with self._means.store.blobs.open(digest, size) as reader, open_destination(path, -1) as out:
            while chunk := reader.read(_CHUNK):
                out.write(chunk)


def _others(folder: str) -> tuple[Descriptor, ...]:
    """What a layout in `folder` has already. Raises OutputError for a directory that holds something else."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise OutputError("output-failed", f"{folder} cannot be written: {error.strerror}") from error
    if not names:
        return ()
    try:
        with open(os.path.join(folder, INDEX), "rb") as file:
            return Index.from_json(json.load(file)).manifests
    except (OSError, ValueError, RecursionError) as error:
        hint = "name an empty or a new directory"
        raise OutputError("not-a-layout", f"{folder} holds something else than an OCI layout", hint=hint) from error


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise OutputError("output-failed", f"{path} cannot be made: {error.strerror}") from error
