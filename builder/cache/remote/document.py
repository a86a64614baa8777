"""Records as one JSON document, and back with every member checked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from builder.cache.codec import DAMAGED, from_json, layer_from_json, layer_to_json, loads, to_json
from builder.images.stored import in_oci_form
from builder.layers.compress import Compression
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, is_hex
from builder.model.layer import Layer
from builder.solve.keys import key_of
from builder.solve.types import Record

_T = TypeVar("_T")
FORMAT = 1
MEDIA_TYPE = "application/vnd.pybuild.cache.v1+json"
TABLE_TYPE = "application/vnd.pybuild.contents.v1+gzip"
_SMALL_TABLE = 4 << 10
LISTING_TYPE = "application/vnd.pybuild.listing.v1"


class SentTable(NamedTuple):
    """A layer's table of contents, packed."""

    blob: Descriptor
    table: Digest
    """Of its text."""
    data: bytes = b""
    """The blob itself; empty where it has to be fetched."""


class Travelling(NamedTuple):
    records: tuple[Record, ...] = ()
    derived: Mapping[str, str] = {}
    """Digests of files in layers, by what they follow from."""
    listings: Mapping[str, Descriptor] = {}
    """By digest of the listing: the blob that has its text."""
    mounts: Mapping[str, Layer] = {}
    """By what a cache mount is known by: an archive of its files."""
    tables: Mapping[str, SentTable] = {}
    """By diff id, of the layers that the steps stand on: who changes a step needs to know what is below it."""


def step_name(step: str) -> str:
    """A record's step without the Buildfile's path: stage and number."""
    return "#".join(["", *step.rsplit("#", 2)[-2:]])


def encode(travelling: Travelling) -> bytes:
    """The same content gives the same bytes."""
    records = [to_json(record._replace(step=step_name(record.step))) for record in travelling.records]
    return canonical(
        {
            "format": FORMAT,
            "records": sorted(records, key=lambda row: str(row["key"])),
            "derived": dict(travelling.derived),
            "listings": {name: blob.to_json() for name, blob in travelling.listings.items()},
            "mounts": {name: layer_to_json(layer) for name, layer in travelling.mounts.items()},
            "tables": {name: _table_to_json(table) for name, table in travelling.tables.items()},
        }
    )


def decode(data: bytes) -> Travelling:
    """What is sound in `data`; what is not is left out. Raises one of DAMAGED for what is no document at all."""
    value = loads(data)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ValueError("no cache of this version")
    return Travelling(
        tuple(sound_records(value.get("records"))),
        {name: text for name, text in _items(value.get("derived")) if isinstance(text, str)},
        {name: blob for name, blob in _sound(value.get("listings"), Descriptor.from_json) if is_hex(name)},
        dict(_sound(value.get("mounts"), layer_from_json)),
        dict(_sound(value.get("tables"), _table_from_json)),
    )


def _table_to_json(sent: SentTable) -> dict[str, object]:
    """Small ones are embedded, as OCI's descriptor.md has it: a request would cost more."""
    value = sent.blob.to_json() | {"table": str(sent.table)}
    return value | {"data": base64.b64encode(sent.data).decode()} if is_embedded(sent) else value


def is_embedded(sent: SentTable) -> bool:
    return 0 < len(sent.data) <= _SMALL_TABLE


def _table_from_json(value: object) -> SentTable:
    if not isinstance(value, dict):
        raise TypeError("a table is an object")
    blob, data = Descriptor.from_json(value), base64.b64decode(value.get("data", ""), validate=True)
    if data and (len(data) != blob.size or Digest.of(data) != blob.digest):
        raise ValueError("an embedded table is another one than its descriptor says")
    return SentTable(blob, Digest.parse(value.get("table")), data)


def sound_records(rows: object) -> Iterable[Record]:
    """Of their layers' descriptors only what a build needs: they come to stand in the manifests of images."""
    for row in rows if isinstance(rows, list) else ():
        try:
            record = from_json(row)
            Compression.of_media_type(record.layer.descriptor.media_type)
            if record.key == key_of(record.parts):
                blob = in_oci_form(record.layer.descriptor)
                yield record._replace(layer=Layer(record.layer.diff_id, blob))
        except DAMAGED:
            continue


def _sound(value: object, read: Callable[[object], _T]) -> Iterable[tuple[str, _T]]:
    for name, item in _items(value):
        try:
            yield name, read(item)
        except DAMAGED:
            continue


def _items(value: object) -> Iterable[tuple[str, object]]:
    return value.items() if isinstance(value, dict) else ()
