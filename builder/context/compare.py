"""What changed between two listings, in words: `1 file changed: src/app.py (content)`."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from builder.context.listing import Attributes, read_listing

_KINDS = {"f": "file", "d": "directory", "l": "symlink", "h": "hard link", "c": "device", "b": "device", "p": "fifo"}


def pack_listing(text: bytes) -> bytes:
    """A listing for keeping."""
    return zlib.compress(text, 1)


def unpack_listing(data: bytes) -> bytes | None:
    """What `pack_listing` packed; None if it is damaged."""
    try:
        return zlib.decompress(data)
    except zlib.error:
        return None


def describe_changes(old: bytes, new: bytes, limit: int = 3) -> str:
    """How the listing `new` differs from `old`, in one line that names at most `limit` paths of each sort of change;
    empty if they differ in nothing that counts."""
    before, after = read_listing(old), read_listing(new)
    changed = [f"{path} ({_difference(before[path], after[path])})" for path in after if _differs(path, before, after)]
    added = [path for path in after if path not in before]
    removed = [path for path in before if path not in after]
    sorts = (
        _sentence(changed, "file changed", "files changed", limit),
        _sentence(added, "added", "added", limit),
        _sentence(removed, "removed", "removed", limit),
    )
    return "; ".join(sort for sort in sorts if sort)


def _differs(path: str, before: Mapping[str, Attributes], after: Mapping[str, Attributes]) -> bool:
    return path in before and before[path] != after[path]


def _sentence(names: list[str], one: str, many: str, limit: int) -> str:
    if not names:
        return ""
    shown = ", ".join(_printable(name) for name in names[:limit])
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{len(names)} {one if len(names) == 1 else many}: {shown}{more}"


def _difference(old: Attributes, new: Attributes) -> str:
    if old.kind != new.kind:
        return f"{_KINDS[old.kind]} -> {_KINDS[new.kind]}"
    differences = []
    if (old.digest, old.size) != (new.digest, new.size):
        differences.append("content")
    if old.mode != new.mode:
        differences.append(f"mode {old.mode:04o} -> {new.mode:04o}")
    if old.owner != new.owner:
        differences.append(f"owner {old.owner} -> {new.owner}")
    if old.link != new.link:
        differences.append(f"target {old.link} -> {new.link}")
    if old.device != new.device:
        differences.append(f"device {old.device} -> {new.device}")
    if old.xattrs != new.xattrs:
        differences.append("extended attributes")
    return ", ".join(differences)


def _printable(name: str) -> str:
    """File names may hold anything; what is printed must not steer a terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in name)
