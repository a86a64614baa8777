"""The store as a place to copy from. Layers that it has not fetched come from where they are known to be."""

from __future__ import annotations

import json
from collections.abc import Iterator

from builder.errors import BuilderError, ImageError
from builder.images.find import find_image
from builder.images.origins import origins_of
from builder.images.sources.types import Document, OpenSource
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.failures import storing
from builder.store.store import Store

KIND = "store"
_CHUNK = 256 << 10
"""What is sent at a time has to pass within the time that a registry is waited for."""


class StoreSource:
    origin = KIND

    def __init__(self, store: Store, open_source: OpenSource) -> None:
        self._store = store
        self._open_source = open_source

    def document(self, reference: str) -> Document:
        """`reference` is a name or an id, as people type them, or a digest."""
        if reference.startswith("sha256:"):
            digest = Digest.parse(reference)
            data = self._store.blobs.read(digest)
            return Document(Descriptor(_media_type(data), digest, len(data)), data)
        found = find_image(self._store, reference)
        return Document(found.descriptor, self._store.blobs.read(found.descriptor.digest))

    def digest(self, reference: str) -> Digest | None:  # noqa: ARG002 - the document is as near
        return None

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        if self._store.blobs.has(descriptor.digest, descriptor.size):
            return self._own(descriptor, start)
        return self._elsewhere(descriptor, start)

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        return b"".join(self.blob(descriptor, start))

    def _own(self, descriptor: Descriptor, start: int) -> Iterator[bytes]:
        """From the beginning it is verified on the way; what is left of it is for the receiver to check."""
        with storing(self._store.root), self._store.blobs.open(descriptor.digest, descriptor.size) as reader:
            if start:
                with open(reader.fileno(), "rb", closefd=False) as rest:
                    rest.seek(start)
                    while chunk := rest.read(_CHUNK):
                        yield chunk
                return
            while chunk := reader.read(_CHUNK):
                yield chunk

    def _elsewhere(self, descriptor: Descriptor, start: int) -> Iterator[bytes]:
        failure: BuilderError | None = None
        for origin in origins_of(self._store, descriptor.digest):
            try:
                for chunk in self._open_source(origin).blob(descriptor, start):
                    yield chunk
                    start += len(chunk)
                return
            except BuilderError as error:
                failure = failure or error
        raise failure or ImageError(
            "layer-missing",
            f"the store has no blob {descriptor.digest}, and no source of it is known",
            hint="build with --pull, or pull or import the image again",
        )


def _media_type(data: bytes) -> str:
    """What a document says of itself."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    return str(value.get("mediaType") or "") if isinstance(value, dict) else ""
