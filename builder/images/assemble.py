"""Layers, a config and a history to an image in the store."""

from __future__ import annotations

import time
from collections.abc import Iterator

from builder.errors import ImageError
from builder.images.stored import Image
from builder.lean import NamedTuple
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.config import History, ImageConfig
from builder.model.layer import Chain
from builder.model.manifest import Manifest
from builder.store.store import Store


class Ingredients(NamedTuple):
    """Everything that an image is made of. The same ingredients give the same manifest, byte for byte."""

    config: ImageConfig
    """Final but for what the layers tell; `history`, `diff_ids` and `created` are the base's, or empty."""
    history: tuple[History, ...]
    """What is added to the base's, oldest first, without times. Each entry that is no `empty_layer` is a new layer."""
    layers: Chain
    """The base's, then the new ones."""
    created: tuple[str, ...]
    """When each new layer was made, RFC 3339."""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH: the time of everything that is added, and the latest time of everything else."""
    annotations: tuple[tuple[str, str], ...] = ()
    """Of the manifest."""


def assemble(store: Store, parts: Ingredients) -> Image:
    """Afterwards manifest and config are in the store; nothing is written when they are there already. The layers'
    blobs need not be: outputs fetch what they need."""
    added = sum(not entry.empty_layer for entry in parts.history)
    if added != len(parts.created) or len(parts.config.diff_ids) + added != len(parts.layers):
        counts = f"{len(parts.layers)} layers, {len(parts.config.diff_ids)} of the base, {added} in the history"
        raise ImageError("bad-image", f"the layers and the history of the image do not fit: {counts}")
    config = _final_config(parts)
    config_blob = store.blobs.put_bytes(canonical(config.to_json()), media_types.OCI_CONFIG)
    manifest = Manifest(config_blob, tuple(layer.descriptor for layer in parts.layers), parts.annotations)
    blob = store.blobs.put_bytes(canonical(manifest.to_json()), media_types.OCI_MANIFEST)
    return Image(blob, manifest, config)


def timestamp(epoch: int) -> str:
    """RFC 3339 in UTC with whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def _final_config(parts: Ingredients) -> ImageConfig:
    base, epoch = parts.config, parts.epoch
    times = parts.created if epoch is None else tuple(timestamp(epoch) for _ in parts.created)
    start = _no_later(base.created, epoch) or (times[0] if times else "")
    if not start and epoch is not None:
        start = timestamp(epoch)
    history = tuple(entry._replace(created=_no_later(entry.created, epoch)) for entry in base.history)
    added = tuple(_dated(parts.history, times, start))
    return base._replace(
        diff_ids=tuple(layer.diff_id for layer in parts.layers),
        history=history + added,
        created=times[-1] if times else start,
    )


def _dated(history: tuple[History, ...], times: tuple[str, ...], start: str) -> Iterator[History]:
    """An entry without a layer has no time of its own: it takes that of the layer before it, so that a rebuild from
    the cache says the same."""
    upcoming, now = iter(times), start
    for entry in history:
        if not entry.empty_layer:
            now = next(upcoming)
        yield entry._replace(created=now)


def _no_later(created: str, epoch: int | None) -> str:
    """`created`, or the epoch where it is later or no time at all; what is absent stays absent."""
    if epoch is None or not created:
        return created
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return timestamp(epoch)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return timestamp(epoch) if moment.timestamp() > epoch else created
