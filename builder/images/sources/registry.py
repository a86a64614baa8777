"""A repository of a registry."""

from __future__ import annotations

from collections.abc import Iterator

from builder.images.sources.types import Document
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.access import Puller

KIND = "registry"


class RegistrySource:
    def __init__(self, client: Puller, path: str) -> None:
        self.origin = f"{KIND}:{client.domain}/{path}"
        self._client = client
        self._path = path

    def document(self, reference: str) -> Document:
        manifest = self._client.manifest(self._path, reference)
        return Document(manifest.descriptor, manifest.data)

    def digest(self, reference: str) -> Digest | None:
        return self._client.manifest_digest(self._path, reference)

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        return self._client.blob(self._path, descriptor, start)

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        return self._client.tail(self._path, descriptor, start)
