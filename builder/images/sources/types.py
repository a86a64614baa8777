"""The contract of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from builder.lean import NamedTuple, Protocol
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest

DOCUMENT_LIMIT = 4 << 20
"""Bytes of an index, manifest or config that are read at most."""


class Document(NamedTuple):
    """An index or a manifest, and what describes it."""

    descriptor: Descriptor
    data: bytes


class Source(Protocol):
    """A place that has images. Safe to share between threads."""

    origin: str
    """Opens the same source again, in another process too: `KIND:PLACE`."""

    def document(self, reference: str) -> Document:
        """The index or manifest under a tag or digest; an empty reference means the only one there is. Raises
        ImageError or RegistryError when there is none."""

    def digest(self, reference: str) -> Digest | None:
        """What `reference` means at present, where that is cheaper to learn than the document (registries count those
        against limits); None where it is not, or nothing is known."""

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start` on, never more than it has. Digest and length are for the receiver to check."""

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        """The blob's bytes from `start` on, read without those before, and never more than it has. What they should be
        is for the receiver to check. Raises RegistryError `no-ranges` where a registry gives blobs as a whole only."""


OpenSource = Callable[[str], Source]
"""From an origin to its source."""
