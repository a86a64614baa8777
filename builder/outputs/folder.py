"""An OCI image layout in a folder, which other tools read in place: images are added to what is there."""

from __future__ import annotations

import json
import os

from builder.errors import OutputError
from builder.images.destinations.types import Content
from builder.images.sources.types import Document
from builder.images.stream import verified_ahead
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.outputs.destination import open_destination, write_whole
from builder.outputs.layout import INDEX, LAYOUT, LAYOUT_FILE, blob_path, index_with, named_entries
from builder.registry.upload import Pushed

_REF_NAME = "org.opencontainers.image.ref.name"


class LayoutFolder:
    """A destination whose names are tags. What the index names is there already, so that it never names what is not."""

    def __init__(self, path: str) -> None:
        """Raises OutputError `not-a-layout` for a folder that holds something else."""
        self._path = path
        self._others()

    def has_document(self, descriptor: Descriptor) -> bool:
        """Only what the index names is certainly whole."""
        return any(entry.digest == descriptor.digest for entry in self._others()) and self.has_blob(descriptor)

    def has_blob(self, descriptor: Descriptor) -> bool:
        path = self._file(descriptor.digest)
        return os.path.isfile(path) and os.path.getsize(path) == descriptor.size

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        path = self._file(descriptor.digest)
        _make_folder(os.path.dirname(path))
        with open_destination(path, -1) as out:
            for chunk in verified_ahead(content(0), descriptor):
                out.write(chunk)
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        path = self._file(document.descriptor.digest)
        _make_folder(os.path.dirname(path))
        write_whole(path, document.data)

    def name(self, document: Document, name: str) -> None:
        self.put_document(document)
        plain = Descriptor(document.descriptor.media_type, document.descriptor.digest, document.descriptor.size)
        self.enter([plain._replace(annotations=((_REF_NAME, name),)) if name else plain])

    def add(self, descriptor: Descriptor, names: tuple[str, ...]) -> None:
        """Afterwards image names mean what `descriptor` describes, which is there."""
        self.enter(named_entries(descriptor, names))

    def enter(self, entries: list[Descriptor]) -> None:
        others = self._others()
        _make_folder(self._path)
        write_whole(os.path.join(self._path, LAYOUT), LAYOUT_FILE)
        write_whole(os.path.join(self._path, INDEX), index_with(entries, others))

    def _file(self, digest: Digest) -> str:
        return os.path.join(self._path, blob_path(digest))

    def _others(self) -> tuple[Descriptor, ...]:
        """What the layout has already."""
        try:
            names = os.listdir(self._path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise OutputError("output-failed", f"{self._path} cannot be written: {error.strerror}") from error
        if not set(names) - {"blobs"}:
            return ()
        try:
            with open(os.path.join(self._path, INDEX), "rb") as file:
                return Index.from_json(json.load(file)).manifests
        except (OSError, ValueError, RecursionError) as error:
            hint = "name an empty or a new directory"
            message = f"{self._path} holds something else than an OCI layout"
            raise OutputError("not-a-layout", message, hint=hint) from error


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise OutputError("output-failed", f"{path} cannot be made: {error.strerror}") from error
