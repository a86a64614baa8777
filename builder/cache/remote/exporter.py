"""What a build gives to a cache elsewhere: layers as soon as they are made, and in the end the document."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from builder.cache.remote.document import LISTING_TYPE, MEDIA_TYPE, SentTable, Travelling, encode, is_embedded
from builder.cache.remote.imported import listing_path, listings_in
from builder.errors import ImageError
from builder.images.destinations.types import Destination
from builder.images.origins import origins_of, remember_blob
from builder.images.sources.types import Document, Source
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.manifest import Manifest
from builder.solve.types import Record
from builder.store.store import Store

_AT_ONCE = 2
"""Uploads beside a running build: more would slow it down."""


class Target(NamedTuple):
    name: str
    """As people call it."""
    destination: Destination
    origin: str
    """Of the same place as a source."""
    reference: str
    """What the document is named there."""


class Exporter:
    """One `--cache-to`. Safe between threads; whoever makes one calls `finish` or `stop`.

    `wants` says which records go with it.
    """

    def __init__(self, target: Target, store: Store, layers: Source, wants: Callable[[Record], bool]) -> None:
        self.target = target
        self._store = store
        self._layers = layers
        self._wants = wants
        self._mutex = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._sent: dict[Digest, Future[None]] = {}
        self._stopped = False

    def keep(self, record: Record) -> None:
        """Its layer is on its way."""
        if self._wants(record):
            self._send(record.layer.descriptor)

    def finish(
        self,
        records: Iterable[Record],
        derived: Mapping[str, str],
        mounts: Mapping[str, Layer],
        tables: Mapping[str, SentTable],
    ) -> Descriptor:
        """Afterwards the cache holds these records, as far as they are wanted, and nothing else. Returns what describes
        its manifest. Raises the first failure, and then the cache is what it was before."""
        wanted = [record for record in records if self._wants(record)]
        try:
            for record in wanted:
                self._send(record.layer.descriptor)
            for archive in mounts.values():
                self._send(archive.descriptor)
            large = [sent for sent in tables.values() if not is_embedded(sent)]
            for sent in large:
                self._send(sent.blob, sent.data)
            listings = {digest: self._listing(digest) for digest in self._listings(wanted)}
            for future in list(self._sent.values()):
                future.result()
        finally:
            self.stop()
        travelling = Travelling(tuple(wanted), derived, listings, mounts, tables)
        layers = [record.layer for record in wanted] + list(mounts.values())
        blobs = [*(layer.descriptor for layer in layers), *listings.values(), *(sent.blob for sent in large)]
        return self._write(encode(travelling), list(dict.fromkeys(blob._replace(annotations=()) for blob in blobs)))

    def stop(self) -> None:
        """Nothing is sent any more; what is under way is cut. Safe to repeat."""
        self._stopped = True
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _send(self, blob: Descriptor, data: bytes = b"") -> None:
        """Its content is `data`, or is read where the store knows it to be."""
        with self._mutex:
            if blob.digest in self._sent:
                return
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cache-to")
            self._sent[blob.digest] = self._pool.submit(self._bring, blob, data)

    def _bring(self, blob: Descriptor, data: bytes) -> None:
        destination = self.target.destination
        if not destination.has_blob(blob):
            known = origins_of(self._store, blob.digest)
            destination.put_blob(blob, lambda start: [data[start:]] if data else self._content(blob, start), known)
        if blob.media_type in media_types.LAYERS:
            remember_blob(self._store, blob.digest, self.target.origin)

    def _content(self, blob: Descriptor, start: int) -> Iterator[bytes]:
        for chunk in self._layers.blob(blob, start):
            if self._stopped:
                raise ImageError("stopped", "the build ended before its cache was written")
            yield chunk

    def _listings(self, records: Iterable[Record]) -> list[str]:
        """Digests of the listings that are known of what the records' steps copied."""
        named = {digest for record in records for digest in listings_in(dict(record.parts))}
        return sorted(digest for digest in named if os.path.exists(listing_path(self._store, digest)))

    def _listing(self, digest: str) -> Descriptor:
        with open(listing_path(self._store, digest), "rb") as file:
            return self._put(file.read(), LISTING_TYPE)

    def _put(self, data: bytes, media_type: str) -> Descriptor:
        blob = Descriptor(media_type, Digest.of(data), len(data))
        if not self.target.destination.has_blob(blob):
            self.target.destination.put_blob(blob, lambda start: [data[start:]], ())
        return blob

    def _write(self, document: bytes, blobs: list[Descriptor]) -> Descriptor:
        manifest = canonical(Manifest(self._put(document, MEDIA_TYPE), tuple(blobs)).to_json())
        descriptor = Descriptor(media_types.OCI_MANIFEST, Digest.of(manifest), len(manifest))
        self.target.destination.name(Document(descriptor, manifest), self.target.reference)
        return descriptor
