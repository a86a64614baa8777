"""The contract of a destination."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from builder.images.sources.types import Document
from builder.lean import Protocol
from builder.model.descriptor import Descriptor
from builder.registry.upload import Pushed

Content = Callable[[int], Iterable[bytes]]
"""Gives a blob's bytes from a position on; it may be asked again after a broken connection."""


class Destination(Protocol):
    """A place that takes images. Safe to share between threads; repeating anything is harmless."""

    def has_document(self, descriptor: Descriptor) -> bool:
        """Whether the manifest or index is there, and with it all that it refers to."""

    def has_blob(self, descriptor: Descriptor) -> bool: ...

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:
        """Afterwards the blob is there, verified. `known_at` are origins that are known to have it."""

    def put_document(self, document: Document) -> None:
        """Afterwards it is there under its digest. What it refers to is there already."""

    def name(self, document: Document, name: str) -> None:
        """Afterwards `name` means it, whatever it meant before. The document itself need not have been put."""
