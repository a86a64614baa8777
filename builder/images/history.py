"""What `pybuild history` shows: the steps that made an image, newest first."""

from __future__ import annotations

from typing import NamedTuple

from builder.images.stored import Image
from builder.model.digest import Digest
from builder.model.layer import Layer


class HistoryRow(NamedTuple):
    id: str
    """Of the image, for the newest row only: images in between do not exist."""
    created: str
    created_by: str
    size_bytes: int
    """Of the layer's blob; 0 for an entry without a layer."""
    comment: str
    diff_id: Digest | None
    """What the layer holds; None for an entry without one."""
    digest: Digest | None
    """Of the layer's blob."""
    step: int
    """From 1 for the oldest on: what `pybuild rollback` goes back to."""


def history_of(image: Image) -> list[HistoryRow]:
    """Layers that the history does not speak of (squashed and imported images) come as rows without a text."""
    layers = list(image.layers)
    rows: list[HistoryRow] = []
    for entry in image.config.history:
        layer = layers.pop(0) if layers and not entry.empty_layer else None
        rows.append(_row(layer, len(rows) + 1, entry.created, entry.created_by, entry.comment))
    for layer in layers:
        rows.append(_row(layer, len(rows) + 1))
    rows.reverse()
    return [rows[0]._replace(id=image.id), *rows[1:]] if rows else []


def _row(layer: Layer | None, step: int, created: str = "", created_by: str = "", comment: str = "") -> HistoryRow:
    if layer is None:
        return HistoryRow("", created, created_by, 0, comment, None, None, step)
    blob = layer.descriptor
    return HistoryRow("", created, created_by, blob.size, comment, layer.diff_id, blob.digest, step)
