"""An OCI image layout in a folder, which other tools read in place: images are added to what is there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress

from builder.errors import BuilderError, OutputError
from builder.images.destinations.types import Content
from builder.images.layout import INDEX, LAYOUT, LAYOUT_FILE, TAG, added, blob_path, index_file
from builder.images.sources.layout import DIRECTORY
from builder.images.sources.types import Document
from builder.images.stream import verified_ahead
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.registry.upload import Pushed
from builder.store.locks import FileLock


class LayoutDestination:
    """Names are tags. What the index names is there already, so that it never names what is not.

    With `is_tidy`, what a name meant before and nothing else needs is removed when it gets another meaning: a folder
    that is written again and again does not grow. Several processes may write such a folder."""

    def __init__(self, folder: str, *, is_tidy: bool = False) -> None:
        self.origin = f"{DIRECTORY}:{folder}"
        self._folder = folder
        self._is_tidy = is_tidy

    def check(self) -> None:
        """Raises OutputError `not-a-layout` for a folder that holds something else."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError("output-failed", f"{self._folder} cannot be written: {error.strerror}") from error
        if set(names) - {"blobs"} and INDEX not in names:
            raise self._no_layout()
        self._entries()

    def has_document(self, descriptor: Descriptor) -> bool:
        return self._has(descriptor) and all(self._has(other) for other in self._needed([descriptor]))

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._has(descriptor)

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        self._write(blob_path(descriptor.digest), verified_ahead(content(0), descriptor))
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        self._write(blob_path(document.descriptor.digest), [document.data])

    def name(self, document: Document, name: str) -> None:
        self.put_document(document)
        plain = Descriptor(document.descriptor.media_type, document.descriptor.digest, document.descriptor.size)
        self.enter([plain._replace(annotations=((TAG, name),)) if name else plain])

    def enter(self, entries: list[Descriptor]) -> None:
        """Afterwards the index has them, in the place of those of the same names. What they describe is there."""
        with self._locked():
            before = self._entries()
            after = added(entries, before)
            self._write(LAYOUT, [LAYOUT_FILE])
            self._write(INDEX, [index_file(after)])
            if self._is_tidy:
                self._remove_former(before, after)

    def _remove_former(self, before: tuple[Descriptor, ...], after: tuple[Descriptor, ...]) -> None:
        kept = {blob.digest for blob in (*after, *self._needed(after))}
        for blob in (*before, *self._needed(before)):
            if blob.digest not in kept:
                with suppress(OSError):
                    os.unlink(self._path(blob.digest))

    def _locked(self) -> AbstractContextManager[object]:
        return FileLock(f"{self._folder}/.lock") if self._is_tidy else nullcontext()

    def _entries(self) -> tuple[Descriptor, ...]:
        try:
            with open(f"{self._folder}/{INDEX}", "rb") as file:
                return Index.from_json(json.load(file)).manifests
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, RecursionError, BuilderError) as error:
            raise self._no_layout() from error

    def _no_layout(self) -> OutputError:
        message = f"{self._folder} holds something else than an OCI layout"
        return OutputError("not-a-layout", message, hint="name an empty or a new directory")

    def _needed(self, documents: Iterable[Descriptor]) -> Iterator[Descriptor]:
        """What manifests refer to, those of indexes too; nothing for what cannot be read."""
        for descriptor in documents:
            try:
                with open(self._path(descriptor.digest), "rb") as file:
                    value = json.load(file)
                if "manifests" in value:
                    children = Index.from_json(value).manifests
                    yield from (*children, *self._needed(children))
                else:
                    manifest = Manifest.from_json(value)
                    yield from (manifest.config, *manifest.layers)
            except (OSError, ValueError, TypeError, RecursionError, BuilderError):
                continue

    def _has(self, descriptor: Descriptor) -> bool:
        try:
            return os.stat(self._path(descriptor.digest)).st_size == descriptor.size
        except OSError:
            return False

    def _path(self, digest: Digest) -> str:
        return f"{self._folder}/{blob_path(digest)}"

    def _write(self, name: str, content: Iterable[bytes]) -> None:
        """Whole or not at all."""
        path = f"{self._folder}/{name}"
        temporary = f"{path}.{os.urandom(6).hex()}.new"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(temporary, "xb") as file:
                for chunk in content:
                    file.write(chunk)
            os.replace(temporary, path)
        except OSError as error:
            raise OutputError("output-failed", f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                os.unlink(temporary)
