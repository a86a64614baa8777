"""What a run left in its upper directory, as a layer; and the job `capture` that packs it.

Descriptors of the job: where the tar goes, where its table of contents goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from builder.layers.attributes import carried
from builder.layers.pack import Item, pack
from builder.layers.scan import scan_upper
from builder.layers.table import write_table
from builder.model.entry import Kind
from builder.sandbox.merged import Merged
from builder.sandbox.unchanged import without_unchanged

_BUFFER = 1 << 18


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """With `clamp` the upper directory has the same times as the layer afterwards: it becomes the layer's snapshot."""
    upper: str = args["upper"]
    epoch: int | None = args.get("epoch")
    tar_fd, table_fd = fds
    with open(tar_fd, "wb", buffering=_BUFFER) as tar:
        table = pack(changes(upper, tuple(args["lowers"])), tar, epoch)
    if epoch is not None and args["clamp"]:
        clamp_times(upper, epoch)
    with open(table_fd, "wb", buffering=_BUFFER) as file:
        write_table(table, file)
    return {"entries": len(table)}


def changes(upper: str, lowers: tuple[str, ...]) -> Iterator[Item]:
    """The items of the layer, sorted. Files that are as they were are left out, and markers that hide nothing:
    overlayfs calls every new directory opaque, and fuse-overlayfs leaves a whiteout for everything that was removed."""
    items = ((carried(entry), opener) for entry, opener in scan_upper(upper))
    below = Merged(lowers)
    return without_unchanged(_without_idle_markers(items, below), upper, below)


def _without_idle_markers(items: Iterable[Item], below: Merged) -> Iterator[Item]:
    for item in items:
        entry = item[0]
        path = f"/{entry.path}"
        hides = {Kind.OPAQUE: below.is_folder, Kind.WHITEOUT: below.exists}.get(entry.kind)
        if hides is None or hides(path):
            yield item


def clamp_times(root: str, epoch: int) -> None:
    """No modification time below `root` is later than `epoch` afterwards, its own included."""
    limit = epoch * 1_000_000_000
    for _, folders, files, fd in os.fwalk(root, topdown=False):
        for name in (*folders, *files, "."):
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if status.st_mtime_ns > limit:
                os.utime(name, ns=(status.st_atime_ns, limit), dir_fd=fd, follow_symlinks=False)
