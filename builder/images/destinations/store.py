"""The store, for what is copied into it from elsewhere."""

from __future__ import annotations

from builder.images.destinations.types import Content
from builder.images.fetch import check_room
from builder.images.sources.types import Document
from builder.images.stream import verified_ahead
from builder.model.descriptor import Descriptor
from builder.registry.upload import Pushed
from builder.store.locks import FileLock
from builder.store.reach import reach
from builder.store.store import Store


class StoreDestination:
    """Names are image names in familiar form."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def has_document(self, descriptor: Descriptor) -> bool:
        """Whole: of an index that was pulled for one platform the others are missing."""
        blobs = self._store.blobs
        if not blobs.has(descriptor.digest, descriptor.size):
            return False
        found = reach(blobs, [descriptor], whole=True)
        return not found.missing and not found.unreadable

    def has_blob(self, descriptor: Descriptor) -> bool:
        return self._store.blobs.has(descriptor.digest, descriptor.size)

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        blobs = self._store.blobs
        with FileLock(f"{self._store.folder('locks')}/blob.{descriptor.digest.hex}"):
            if blobs.has(descriptor.digest, descriptor.size):
                return Pushed.THERE
            check_room(self._store, descriptor.size)
            with blobs.raw_writer() as writer:
                for chunk in verified_ahead(content(0), descriptor):
                    writer.write(chunk)
                writer.commit_as(descriptor.digest, descriptor.size)
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        digest = document.descriptor.digest
        with self._store.blobs.writer(digest.algorithm) as writer:
            writer.write(document.data)
            writer.commit(digest)

    def name(self, document: Document, name: str) -> None:
        self.put_document(document)
        plain = Descriptor(document.descriptor.media_type, document.descriptor.digest, document.descriptor.size)
        if name:
            self._store.refs.set(name, plain)
        else:
            self._store.refs.keep(plain)
