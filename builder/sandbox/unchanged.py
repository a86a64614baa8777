"""What a run copied up without changing it: `chown -R` to the owner that files have, a rename there and back.

2026-11-24, as BuildKit's overlay differ: a layer does not hold such a file again. Two things are otherwise. Content is
compared even where fractions of seconds say that nothing was written, because a snapshot that was unpacked from its
layer has none, and must give the same layer. And a file with a second name stays, now or below: the run made a link
or broke one, and later steps see that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from builder.layers.pack import Item
from builder.model.entry import Kind
from builder.sandbox.merged import Merged

_CHUNK = 1 << 20


def without_unchanged(items: Iterable[Item], upper: str, below: Merged) -> Iterator[Item]:
    """The items, in the order of a layer, that `upper` has otherwise than `below`. All that is in an opaque directory
    stays: what is below it cannot be seen."""
    opaque: set[str] = set()
    for item in items:
        entry = item[0]
        if entry.kind is Kind.OPAQUE:
            opaque.add(entry.path)
        elif entry.kind is Kind.FILE and not _is_within(entry.path, opaque):
            before = below.find(f"/{entry.path}")
            if before is not None and _is_same(before, f"{upper}/{entry.path}"):
                continue
        yield item


def _is_within(path: str, folders: set[str]) -> bool:
    while folders and path:
        path = path.rpartition("/")[0]
        if path in folders:
            return True
    return False


def _is_same(before: str, after: str) -> bool:
    old, new = os.lstat(before), os.lstat(after)
    if not stat.S_ISREG(old.st_mode) or old.st_nlink != 1 or _looks(old) != _looks(new):
        return False
    return _attributes(before) == _attributes(after) and _same_content(before, after)


def _looks(status: os.stat_result) -> tuple[int, ...]:
    seconds = status.st_mtime_ns // 1_000_000_000  # all that a layer says
    return status.st_mode, status.st_uid, status.st_gid, status.st_size, seconds, status.st_nlink


def _attributes(path: str) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if ".overlay." not in name}


def _same_content(one: str, other: str) -> bool:
    with open(one, "rb", buffering=0) as first, open(other, "rb", buffering=0) as second:
        while True:
            data = first.read(_CHUNK)
            if data != second.read(_CHUNK):
                return False
            if not data:
                return True
