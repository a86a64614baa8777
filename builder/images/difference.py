"""What `pybuild diff` shows of two images: their files, and how they are run."""

from __future__ import annotations

import json
from typing import NamedTuple

from builder.images.compare import Change, Difference, compare, shared_layers
from builder.images.find import find_image
from builder.images.history import history_of
from builder.images.sources.types import OpenSource
from builder.images.stored import Image, stored_image
from builder.images.unpack import ensure_tables
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.store.store import Store


class LayerLine(NamedTuple):
    """A layer of one of the images, for people."""

    diff_id: Digest
    created_by: str


class ImageDifference(NamedTuple):
    first: tuple[LayerLine, ...]
    second: tuple[LayerLine, ...]
    shared_layers: int
    """How many of the lowest layers are the same."""
    config: tuple[Difference, ...]
    """Members of the configuration, as JSON; empty where it is absent."""
    changes: tuple[Change, ...]


def diff_images(
    store: Store,
    texts: tuple[str, str],
    open_source: OpenSource,
    platform: Platform | None = None,
    *,
    times: bool = False,
) -> ImageDifference:
    """From the first image to the second."""
    first, second = (stored_image(store, find_image(store, text).descriptor, text, platform) for text in texts)
    shared = shared_layers(first.config.diff_ids, second.config.diff_ids)
    changes: list[Change] = []
    if first.config.diff_ids != second.config.diff_ids:
        tables = [ensure_tables(store, image.layers, open_source) for image in (first, second)]
        changes = compare(tables[0], tables[1], shared, times)
    return ImageDifference(_lines(first), _lines(second), shared, _config(first, second), tuple(changes))


def _lines(image: Image) -> tuple[LayerLine, ...]:
    rows = [row for row in reversed(history_of(image)) if row.diff_id is not None]
    return tuple(LayerLine(row.diff_id, " ".join(row.created_by.split())) for row in rows if row.diff_id)


def _config(first: Image, second: Image) -> tuple[Difference, ...]:
    before, after = _members(first), _members(second)
    names = sorted(before.keys() | after.keys())
    pairs = [Difference(name, before.get(name, ""), after.get(name, "")) for name in names]
    return tuple(pair for pair in pairs if pair.before != pair.after)


def _members(image: Image) -> dict[str, str]:
    value = image.config.to_json()
    config = value["config"]
    members = {"Platform": str(image.config.platform)}
    if isinstance(config, dict):
        members |= {name: json.dumps(member, sort_keys=True) for name, member in config.items()}
    return members
