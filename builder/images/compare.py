"""What two images differ in, file by file, from their layers' tables of contents: nothing is unpacked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.layers.tree import Node, Tree
from builder.model.entry import Entry, Kind

Table = Sequence[Entry]
ADDED, CHANGED, REMOVED = "added", "changed", "removed"


class Difference(NamedTuple):
    what: str
    """`type`, `content`, `mode`, `owner`, `link`, `device`, `attributes` or `time`."""
    before: str
    after: str


class Change(NamedTuple):
    path: str
    kind: str
    """ADDED, CHANGED or REMOVED."""
    size_bytes: int
    """Of the file as it is now; of a removed one as it was."""
    what: tuple[Difference, ...]
    """Of what is changed."""
    layer: int | None
    """Position of the layer that made the change, in the second image; None where a layer that it does not have made
    the file in the first."""
    first_layer: int | None
    """Position of the layer that the file has in the first image; None for what is added."""


def compare(first: Sequence[Table], second: Sequence[Table], shared: int, times: bool = False) -> list[Change]:
    """Changes from the files of one stack of layers to those of another, sorted by path. The lowest `shared` layers
    are the same in both. Times of files count only if `times` says so: a build that was repeated has others."""
    before, after, common = Tree.of(first), Tree.of(second), Tree.of(second[:shared])
    removals = _removals(second[shared:], shared)
    made = _made(second, times)

    def layer_of(node: Node) -> int | None:
        """A layer that only lists a directory again did not make it."""
        return made.get(node.entry.path, _layer(node))

    changes = [
        Change(node.entry.path, ADDED, after.content(node).size, (), layer_of(node), None)
        for node in after.walk()
        if before.get(node.entry.path) is None
    ]
    for node in before.walk():
        path = node.entry.path
        other = after.get(path)
        if other is None:
            layer = _removed_in(path, removals) if common.get(path) else None
            changes.append(Change(path, REMOVED, before.content(node).size, (), layer, _layer(node)))
            continue
        what = differences(before.content(node), after.content(other), times)
        if what:
            size = after.content(other).size
            changes.append(Change(path, CHANGED, size, what, layer_of(other), _layer(node)))
    return sorted(changes, key=lambda change: os.fsencode(change.path))


def differences(before: Entry, after: Entry, times: bool = False) -> tuple[Difference, ...]:
    """Of two files, links followed to their contents."""
    if before.kind is not after.kind:
        return (Difference("type", _KINDS[before.kind], _KINDS[after.kind]),)
    pairs = [
        ("content", f"{before.digest}", f"{after.digest}"),
        ("mode", f"{before.mode:04o}", f"{after.mode:04o}"),
        ("owner", f"{before.uid}:{before.gid}", f"{after.uid}:{after.gid}"),
        ("link", before.link, after.link),
        ("device", "{}:{}".format(*before.device), "{}:{}".format(*after.device)),
        ("attributes", _attributes(before), _attributes(after)),
    ]
    if times:
        pairs.append(("time", str(before.mtime), str(after.mtime)))
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def shared_layers(first: Sequence[str], second: Sequence[str]) -> int:
    """How many diff ids two stacks have in common, from the lowest on."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


_KINDS = {
    Kind.FILE: "file",
    Kind.DIRECTORY: "directory",
    Kind.SYMLINK: "symlink",
    Kind.HARDLINK: "hardlink",
    Kind.CHAR_DEVICE: "character device",
    Kind.BLOCK_DEVICE: "block device",
    Kind.FIFO: "fifo",
}


def _attributes(entry: Entry) -> str:
    return " ".join(f"{name}={value.hex()}" for name, value in entry.xattrs)


def _layer(node: Node) -> int | None:
    return node.layer if node.layer >= 0 else None


def _removals(tables: Sequence[Table], start: int) -> dict[str, list[tuple[int, bool]]]:
    """Per path the layers that take away what was there: at the path itself, or (True) only what is below it."""
    found: dict[str, list[tuple[int, bool]]] = {}
    for position, table in enumerate(tables, start):
        for entry in table:
            if entry.kind is not Kind.DIRECTORY:
                found.setdefault(entry.path, []).append((position, entry.kind is not Kind.WHITEOUT))
    return found


def _removed_in(path: str, removals: dict[str, list[tuple[int, bool]]]) -> int | None:
    """The first layer that took the file away: by a whiteout of it, or because something above it went."""
    candidates = [layer for layer, below_only in removals.get(path, ()) if not below_only]
    for folder in _above(path):
        candidates += [layer for layer, _ in removals.get(folder, ())]
    return min(candidates, default=None)


def _made(tables: Sequence[Table], times: bool) -> dict[str, int]:
    """Of each directory the layer since which it is there and looks as it does."""
    made: dict[str, tuple[int, Entry]] = {}
    emptied: dict[str, int] = {}
    for position, table in enumerate(tables):
        for entry in table:
            if entry.kind is not Kind.DIRECTORY:
                emptied[entry.path] = position
                if entry.kind is not Kind.OPAQUE:
                    made.pop(entry.path, None)
        for entry in table:
            if entry.kind is Kind.DIRECTORY:
                since, known = made.get(entry.path, (-1, entry))
                gone = max((emptied.get(folder, -1) for folder in _above(entry.path)), default=-1)
                if since < 0 or gone > since or differences(known, entry, times):
                    made[entry.path] = position, entry
    return {path: since for path, (since, _) in made.items()}


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path
