"""What `pybuild history` shows: the steps that made an image, newest first."""

from __future__ import annotations

from typing import NamedTuple

from builder.images.stored import Image
from builder.model.digest import Digest


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


def history_of(image: Image) -> list[HistoryRow]:
    """Layers that the history does not speak of (squashed and imported images) come as rows without a text."""
    layers = list(image.layers)
    rows = []
    for entry in image.config.history:
        layer = layers.pop(0) if layers and not entry.empty_layer else None
        size = layer.descriptor.size if layer else 0
        diff_id = layer.diff_id if layer else None
        rows.append(HistoryRow("", entry.created, entry.created_by, size, entry.comment, diff_id))
    rows += [HistoryRow("", "", "", layer.descriptor.size, "", layer.diff_id) for layer in layers]
    rows.reverse()
    return [rows[0]._replace(id=image.id), *rows[1:]] if rows else []
