"""A repository of a registry, to push to."""

from __future__ import annotations

from collections.abc import Iterable

from builder.images.destinations.types import Content
from builder.images.sources.types import Document
from builder.images.stream import LARGE, ahead
from builder.model.descriptor import Descriptor
from builder.registry.client import Client
from builder.registry.upload import Pushed

_MOST_MOUNTS = 3
"""Repositories that are tried for one blob; each costs a request."""


class RegistryDestination:
    """Names are tags."""

    def __init__(self, client: Client, path: str) -> None:
        self.origin = f"registry:{client.domain}/{path}"
        self._client = client
        self._path = path

    def has_document(self, descriptor: Descriptor) -> bool:
        return self._client.has_manifest(self._path, descriptor.digest)

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._client.has_blob(self._path, descriptor.digest)

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:
        here = f"registry:{self._client.domain}/"
        mounts = [origin.removeprefix(here) for origin in known_at if origin.startswith(here) and origin != self.origin]

        def read_ahead(start: int) -> Iterable[bytes]:
            return ahead(content(start)) if descriptor.size >= LARGE else content(start)

        return self._client.put_blob(self._path, descriptor, read_ahead, tuple(mounts[:_MOST_MOUNTS]))

    def put_document(self, document: Document) -> None:
        self.name(document, document.descriptor.digest)

    def name(self, document: Document, name: str) -> None:
        self._client.put_manifest(self._path, name, document.data, document.descriptor.media_type)
