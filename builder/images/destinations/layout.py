"""An OCI image layout in a folder (OCI image-spec, image-layout.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from builder.errors import BuilderError, OutputError
from builder.images.destinations.types import Content
from builder.images.sources.layout import DIRECTORY
from builder.images.sources.types import Document
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.registry.upload import Pushed
from builder.store.locks import FileLock

_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_NAME = "org.opencontainers.image.ref.name"


class LayoutDestination:
    """Names are tags. What a name meant before and nothing else needs is removed when it gets another meaning: a
    folder that is written again and again does not grow. Several processes may write one folder."""

    def __init__(self, folder: str) -> None:
        self.origin = f"{DIRECTORY}:{folder}"
        self._folder = folder

    def has_document(self, descriptor: Descriptor) -> bool:
        return self._has(descriptor) and all(self._has(other) for other in self._needed([descriptor]))

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._has(descriptor)

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        self._write(self._path(descriptor.digest), content(0), descriptor)
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        self._write(self._path(document.descriptor.digest), [document.data], document.descriptor)

    def name(self, document: Document, name: str) -> None:
        self.put_document(document)
        with self._locked():
            before = self._entries()
            entry = document.descriptor._replace(annotations=((_NAME, name),))
            after = [*(other for other in before if other.annotation(_NAME) != name), entry]
            self._write(f"{self._folder}/oci-layout", [_LAYOUT])
            self._write(f"{self._folder}/index.json", [canonical(Index(tuple(after)).to_json())])
            kept = {blob.digest for blob in (*after, *self._needed(after))}
            for blob in (*before, *self._needed(before)):
                if blob.digest not in kept:
                    with suppress(OSError):
                        os.unlink(self._path(blob.digest))

    def _entries(self) -> tuple[Descriptor, ...]:
        """Raises OutputError for a folder that holds something else than a layout."""
        path = f"{self._folder}/index.json"
        try:
            with open(path, "rb") as file:
                return Index.from_json(json.load(file)).manifests
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, RecursionError, BuilderError) as error:
            raise OutputError("not-a-layout", f"{path} cannot be read", hint="name an empty or a new folder") from error

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
        return f"{self._folder}/blobs/{digest.algorithm}/{digest.hex}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with FileLock(f"{self._folder}/.lock"):
            yield

    def _write(self, path: str, content: Iterable[bytes], expected: Descriptor | None = None) -> None:
        """Whole or not at all, and verified where it is known what it should be."""
        import hashlib

        temporary = f"{path}.{os.getpid()}.new"
        digest = hashlib.new(expected.digest.algorithm if expected else "sha256")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(temporary, "wb") as file:
                for chunk in content:
                    file.write(chunk)
                    digest.update(chunk)
            if expected and digest.hexdigest() != expected.digest.hex:
                raise OutputError("digest-mismatch", f"{expected.digest} has other content")
            os.replace(temporary, path)
        except OSError as error:
            raise OutputError("output-failed", f"{path} cannot be written: {error.strerror}") from error
        finally:
            with suppress(OSError):
                os.unlink(temporary)
