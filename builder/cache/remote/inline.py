"""Records inside an image: a member of its configuration, so that who can pull the image has its cache, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.cache.codec import to_json
from builder.cache.remote.document import FORMAT, sound_records, step_name
from builder.model.config import ImageConfig
from builder.model.manifest import Manifest
from builder.solve.types import Record

MEMBER = "pybuild.cache.v1"


def with_records(config: ImageConfig, records: Iterable[Record], epoch: int | None) -> ImageConfig:
    """The configuration with what its image's layers are cached under. What tells of one build and not of the image is
    left out where `epoch` asks for the same image from the same sources."""
    rows = []
    for record in records:
        row = to_json(record._replace(step=step_name(record.step)))
        row["layer"] = {"diff_id": str(record.layer.diff_id)}
        if epoch is not None:
            row |= {"created": "1970-01-01T00:00:00Z", "seconds": 0, "build": ""}
        row.pop("notes", None)
        rows.append(row)
    return without_records(config, {"format": FORMAT, "records": rows})


def without_records(config: ImageConfig, value: object = None) -> ImageConfig:
    """Those of a base image tell nothing of this one; `value` comes in their place."""
    kept = [pair for pair in config.extra if pair[0] != MEMBER]
    return config._replace(extra=(*kept, *([(MEMBER, value)] if value else [])))


def records_of(config: object, manifest: Manifest) -> Iterator[Record]:
    """The sound records in an image's configuration, their layers in the form in which the image has them."""
    if not isinstance(config, dict):
        raise TypeError("a configuration is an object")
    value = config.get(MEMBER)
    if not isinstance(value, dict) or value.get("format") != FORMAT or not isinstance(value.get("records"), list):
        return
    diff_ids = config["rootfs"]["diff_ids"]
    blobs = {str(diff_id): blob.to_json() for diff_id, blob in zip(diff_ids, manifest.layers, strict=True)}
    rows = []
    for row in value["records"]:
        diff_id = row["layer"]["diff_id"]
        rows.append(row | {"layer": {"diff_id": diff_id, "blob": blobs[diff_id]}})
    yield from sound_records(rows)
