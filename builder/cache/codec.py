"""A record as JSON text, and back with every member checked: one form for all caches."""

from __future__ import annotations

import json
from zlib import crc32

from builder.errors import BuilderError
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, is_hex
from builder.model.layer import Claim, Layer
from builder.solve.types import Record

_ANY_DIGIT = str.maketrans("123456789", "000000000")
_ENDLESS = float("inf")
_TEXTS = ("key", "step", "text", "created", "build")
DAMAGED = (ValueError, TypeError, KeyError, RecursionError, BuilderError)
"""What reading of untrusted JSON may raise."""


def to_json(record: Record) -> dict[str, object]:
    members = record._asdict() | {"layer": layer_to_json(record.layer), "parts": dict(record.parts)}
    del members["origin"], members["claims"]
    if record.claims:
        members["claims"] = {str(claim.diff_id): str(claim.table) for claim in record.claims}
    if not record.notes:
        del members["notes"]
    return members


def from_json(value: object) -> Record:
    """Raises one of DAMAGED for anything that `to_json` does not make."""
    if not isinstance(value, dict):
        raise TypeError("a record is an object")
    texts = {name: value[name] for name in _TEXTS}
    parts, seconds = value["parts"], value["seconds"]
    if not all(isinstance(text, str) for text in texts.values()) or not isinstance(parts, dict):
        raise TypeError("a record has texts and parts")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < _ENDLESS:
        raise TypeError("a record has seconds")
    if not is_hex(texts["key"]) or texts["created"].translate(_ANY_DIGIT) != "0000-00-00T00:00:00Z":
        raise ValueError("a record has a key and a time")
    notes, claims = value.get("notes", {}), value.get("claims", {})
    if not isinstance(notes, dict) or not isinstance(claims, dict):
        raise TypeError("a record has notes and claims")
    return Record(
        layer=layer_from_json(value["layer"]),
        parts=parts,
        seconds=seconds,
        notes=notes,
        claims=tuple(Claim(Digest.parse(name), Digest.parse(table)) for name, table in claims.items()),
        **texts,
    )


def layer_to_json(layer: Layer) -> dict[str, object]:
    return {"diff_id": str(layer.diff_id), "blob": layer.descriptor.to_json()}


def layer_from_json(value: object) -> Layer:
    """Raises one of DAMAGED."""
    if not isinstance(value, dict):
        raise TypeError("a layer is an object")
    return Layer(Digest.parse(value["diff_id"]), Descriptor.from_json(value["blob"]))


def encode(record: Record) -> str:
    return seal(canonical(to_json(record))).decode("ascii")


def decode(text: str | bytes) -> Record | None:
    """The record, or None for damaged or hostile text."""
    try:
        return from_json(loads(unseal(text.encode() if isinstance(text, str) else text)))
    except DAMAGED:
        return None


def seal(data: bytes) -> bytes:
    """`data` below its checksum, so that a bit that a disk has flipped is not taken for an answer."""
    return b"%08x " % crc32(data) + data


def unseal(sealed: bytes) -> bytes:
    """What `seal` was given. Raises ValueError for anything else."""
    data = sealed[9:]
    if sealed[:9] != b"%08x " % crc32(data):
        raise ValueError("the checksum is another one")
    return data


def is_sealed(data: bytes) -> bool:
    try:
        unseal(data)
    except ValueError:
        return False
    return True


def loads(text: str | bytes) -> object:
    """JSON as the standard has it: no NaN, no Infinity. Raises one of DAMAGED."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
