"""A cache somewhere else, to be asked after those of this machine."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from builder.cache.codec import DAMAGED
from builder.cache.remote import inline
from builder.cache.remote.document import MEDIA_TYPE, SentTable, Travelling, decode, step_name
from builder.errors import BuilderError, ImageError
from builder.images.claims import Offer
from builder.images.origins import remember_blob
from builder.images.sources.types import DOCUMENT_LIMIT, OpenSource, Source
from builder.images.unpack import ensure_table
from builder.layers.claimed import PACKED_LIMIT
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, is_hex
from builder.model.layer import Layer, Tail
from builder.model.manifest import Index, Manifest
from builder.solve.types import PastStep, Record
from builder.store.store import Store

_CONFIG_LIMIT = 64 << 20
_LISTING_LIMIT = 64 << 20
_MOST_IMAGES = 16
"""Of an index that are looked into."""


class Place(NamedTuple):
    """Where a cache is read from."""

    name: str
    """As people call it."""
    origin: str
    """Of its source: `registry:DOMAIN/PATH` or `oci-layout:FOLDER`."""
    reference: str
    """Tag or digest."""


class ImportedCache:
    """Asks a cache elsewhere, which is read when the first step misses here. Safe between threads.

    A cache that cannot be read is an empty one, and `warn` hears why. Layers that it gives out are fetched later, by
    whoever needs their bytes.
    """

    def __init__(self, place: Place, store: Store, open_source: OpenSource, warn: Callable[[str], None]) -> None:
        self.place = place
        self._store = store
        self._open_source = open_source
        self._warn = warn
        self._mutex = threading.Lock()
        self._loaded: Travelling | None = None
        self._records: dict[str, Record] = {}
        self._given: dict[str, Record] = {}
        self._told: dict[Layer, Digest] = {}
        """The tables that were asked for, or that came with records."""

    @property
    def given(self) -> tuple[Record, ...]:
        """The records that were found here in this build."""
        return tuple(self._given.values())

    def find(self, key: str) -> Record | None:
        self._travelling()
        record = self._records.get(key)
        if record is not None:
            remember_blob(self._store, record.layer.descriptor.digest, self.place.origin)
            self._given[key] = record
            if tail := Tail.of(record.layer.descriptor):
                self._told[record.layer] = tail.table
            return record._replace(origin=self.place.name)
        return None

    def nearest(self, step: str) -> Record | None:
        """Brings along what tells which of its files have changed."""
        name = step_name(step)
        self._travelling()
        fitting = [record for record in self._records.values() if record.step == name]
        record = max(fitting, key=lambda record: record.created, default=None)
        if record is not None:
            self._bring_listings(record)
        return record

    def steps(self) -> list[PastStep]:
        """Those of the build that filled the cache, in order."""
        rows = sorted((_parsed_step(record), record) for record in self._travelling().records)
        return [
            PastStep(record.build, label, title, record.text, record.key, is_finished=True)
            for (label, title, _), record in rows
        ]

    def recall(self, key: str) -> Record | None:
        """Brings along what tells which of its files have changed."""
        self._travelling()
        record = self._records.get(key)
        if record is not None:
            self._bring_listings(record)
        return record

    def derived(self, key: str) -> str | None:
        return self._travelling().derived.get(key)

    def contents(self, diff_id: Digest) -> Offer | None:
        """What the cache says that a layer holds."""
        sent = self._travelling().tables.get(str(diff_id))
        return Offer(sent.table, partial(self._table, sent)) if sent else None

    def passed_on(self, diff_id: Digest) -> SentTable | None:
        """The same for another cache; the store knows then where its blob is."""
        sent = self._travelling().tables.get(str(diff_id)) if self._loaded else None
        if sent is not None:
            remember_blob(self._store, sent.blob.digest, self.place.origin)
        return sent

    def _table(self, sent: SentTable, layer: Layer) -> bytes:
        self._told[layer] = sent.table
        return sent.data or read_blob(self._open_source(self.place.origin), sent.blob, PACKED_LIMIT)

    def mount(self, identity: str) -> Layer | None:
        """An archive of a cache mount's files, which is in the store then."""
        archive = self._travelling().mounts.get(identity)
        if archive is None:
            return None
        remember_blob(self._store, archive.descriptor.digest, self.place.origin)
        try:
            ensure_table(self._store, archive, self._open_source)
        except BuilderError as error:
            self._warn(f"a cache mount of {self.place.name} is not used: {error.message}")
            return None
        return archive

    def leave_out(self) -> None:
        """From now on it is an empty cache."""
        with self._mutex:
            self._loaded, self._records, self._given, self._told = Travelling(), {}, {}, {}

    def fault(self) -> BuilderError | None:
        """What is wrong with the layers that were given out; None where all of them are what they should be, and then
        all are in the store."""
        for record in self.given:
            try:
                ensure_table(self._store, record.layer, self._open_source)
            except BuilderError as error:
                return error
        return next(filter(None, (self._fault_of(layer, table) for layer, table in self._told.items())), None)

    def _fault_of(self, layer: Layer, table: Digest) -> BuilderError | None:
        """What is wrong with a table that was asked for."""
        try:
            ensure_table(self._store, layer, self._open_source)
        except BuilderError:
            return None  # to blame is where the layer comes from
        if Digest.of(self._store.tables.text(layer.diff_id)) == table:
            return None
        return ImageError("false-contents", f"layer {layer.diff_id} holds other files than it says")

    def _travelling(self) -> Travelling:
        with self._mutex:
            if self._loaded is None:
                self._loaded = self._load()
                named = (record._replace(origin=self.place.name) for record in self._loaded.records)
                self._records = {record.key: record for record in named}
            return self._loaded

    def _load(self) -> Travelling:
        try:
            return read_cache(self._open_source(self.place.origin), self.place.reference)
        except BuilderError as error:
            self._warn(f"the cache {self.place.name} is not used: {error.message}")
            return Travelling()

    def _bring_listings(self, record: Record) -> None:
        for digest in listings_in(record.parts):
            blob = self._travelling().listings.get(digest)
            path = listing_path(self._store, digest)
            if blob is None or os.path.exists(path):
                continue
            with suppress(BuilderError, OSError):
                os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
                data = read_blob(self._open_source(self.place.origin), blob, _LISTING_LIMIT)
                self._store.temporary.write(path, data)


def _parsed_step(record: Record) -> tuple[str, str, int]:
    """Platform (where several were built), stage and number."""
    _, stage, number = [*record.step.split("#"), "", ""][:3]
    label, _, title = stage.rpartition(" ")
    return label, title, int(number) if number.isdecimal() else 0


def listing_path(store: Store, digest: str) -> str:
    return f"{store.folder('cache')}/listings/{digest}"


def listings_in(parts: object) -> Iterator[str]:
    """The digests among the values of a key's parts."""
    if isinstance(parts, str):
        word = parts.partition(" ")[0]
        if is_hex(word):
            yield word
    elif isinstance(parts, Mapping):
        for value in parts.values():
            yield from listings_in(value)


def read_cache(source: Source, reference: str) -> Travelling:
    """What a cache, or an image with one in its configuration, holds. Raises ImageError `bad-cache`."""
    records: list[Record] = []
    found = Travelling()
    for manifest in _manifests(source, reference):
        data = read_blob(source, manifest.config, _CONFIG_LIMIT)
        try:
            if manifest.config.media_type == MEDIA_TYPE:
                found = decode(data)
            else:
                records += inline.records_of(json.loads(data), manifest)
        except DAMAGED as error:
            raise ImageError("bad-cache", "it is damaged, or another version made it") from error
    return found._replace(records=(*found.records, *records))


def _manifests(source: Source, reference: str) -> Iterator[Manifest]:
    top = source.document(reference)
    value = _parsed(top.data)
    if "manifests" not in value:
        yield Manifest.from_json(value)
        return
    for entry in Index.from_json(value).manifests[:_MOST_IMAGES]:
        if entry.size <= DOCUMENT_LIMIT:
            yield Manifest.from_json(_parsed(source.document(str(entry.digest)).data))


def _parsed(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ImageError("bad-cache", "its manifest is not JSON") from error
    return value if isinstance(value, dict) else {}


def read_blob(source: Source, descriptor: Descriptor, limit: int) -> bytes:
    """The whole of a blob, verified. Raises ImageError `bad-cache` for one that is too large or has other content."""
    if descriptor.size > limit:
        raise ImageError("bad-cache", f"a part of it has {descriptor.size} bytes, more than it can need")
    data = b"".join(source.blob(descriptor))
    if len(data) != descriptor.size or Digest.of(data) != descriptor.digest:
        raise ImageError("bad-cache", f"{descriptor.digest} has other content")
    return data
