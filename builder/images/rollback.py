"""An earlier layer as the image again: the same layers up to it, and what the history and configuration were then."""

from __future__ import annotations

from typing import NamedTuple

from builder.errors import ImageError
from builder.images.find import find_image
from builder.images.history import HistoryRow, history_of
from builder.images.rewind import rewound
from builder.images.stored import Image, stored_image
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.manifest import Manifest
from builder.model.platform import Platform
from builder.store.store import Store


class RolledBack(NamedTuple):
    image: Image
    row: HistoryRow
    """The step that is the last one now."""
    name: str
    """What the image is called; empty where it has no name."""


def rollback_image(store: Store, text: str, step: str, name: str = "", platform: Platform | None = None) -> RolledBack:
    """Afterwards the image as it was after `step` (its number in `pybuild history`, or the digest of its layer) is in
    the store: as `name`, else under the name that it was found by, whose later image stays without one. Nothing is
    built, and no layer is written: layers that it shares are the same blobs. Raises ImageError `no-such-step`."""
    found = find_image(store, text)
    if found.descriptor.media_type in media_types.INDEXES and platform is None:
        raise ImageError("several-platforms", f"{text} is for several platforms", hint="choose one with --platform")
    image = stored_image(store, found.descriptor, text, platform)
    rows = history_of(image)[::-1]
    row = _chosen(rows, step, text)
    earlier = _cut(store, image, rows, row.step) if row.step < len(rows) else image
    called = name or found.by_name
    if called:
        store.refs.set(called, earlier.descriptor, keep_previous=True)
    else:
        store.refs.keep(earlier.descriptor)
    return RolledBack(earlier, row, called)


def _chosen(rows: list[HistoryRow], step: str, text: str) -> HistoryRow:
    if step.isdecimal() and 0 < int(step) <= len(rows):
        return rows[int(step) - 1]
    wanted = step.removeprefix("sha256:")
    found = [row for row in rows if len(wanted) >= 4 and row.digest and _begins(row, wanted)]
    if len(found) == 1:
        return found[0]
    what = "is the beginning of several" if found else "is none"
    hint = f"`pybuild history {text}` shows them: 1 to {len(rows)}, or the digest of a layer"
    raise ImageError("no-such-step", f"{step[:100]!r} {what} of the steps of {text}", hint=hint)


def _begins(row: HistoryRow, wanted: str) -> bool:
    return any(digest is not None and digest.hex.startswith(wanted) for digest in (row.digest, row.diff_id))


def _cut(store: Store, image: Image, rows: list[HistoryRow], step: int) -> Image:
    count = sum(row.digest is not None for row in rows[:step])
    times = [row.created for row in rows[:step] if row.created]
    config = rewound(image.config, step)._replace(
        history=image.config.history[:step],
        diff_ids=image.config.diff_ids[:count],
        created=times[-1] if times else image.config.created,
    )
    parts = image.manifest
    blob = store.blobs.put_bytes(canonical(config.to_json()), parts.config.media_type)
    manifest = Manifest(blob, parts.layers[:count], parts.annotations, parts.media_type)
    return Image(store.blobs.put_bytes(canonical(manifest.to_json()), manifest.media_type), manifest, config)
