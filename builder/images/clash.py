"""Where layers cannot be put on another base without a doubt, as a three-way merge sees it.

A path clashes when layers say something about it and the two bases differ there: the file that was edited is another
one now. What both bases have alike, what the new base has just as the layers make it, and what only the layers have
is no clash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.images.compare import differences
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind


class Clash(NamedTuple):
    path: str
    why: str


def clashes(own: Sequence[Sequence[Entry]], old: Tree, new: Tree) -> list[Clash]:
    """Of the layers `own`, which were made on `old`, with `new`; sorted by path."""
    found: dict[str, Clash] = {}
    for table in own:
        entries = {entry.path: entry for entry in table}
        for entry in table:
            for clash in _of_entry(entry, entries, old, new):
                found.setdefault(clash.path, clash)
    return [found[path] for path in sorted(found)]


def _of_entry(entry: Entry, table: dict[str, Entry], old: Tree, new: Tree) -> Iterator[Clash]:
    path = entry.path
    for folder in _above(path):
        node = new.get(folder)
        if node and node.entry.kind is not Kind.DIRECTORY and folder not in table:
            before = old.get(folder)
            if before is None or before.entry.kind is Kind.DIRECTORY:
                yield Clash(folder, "a directory for the layers, not for the new base")
    match entry.kind:
        case Kind.WHITEOUT:
            yield from _below(path, "removed by the layers, another one in the new base", old, new)
        case Kind.OPAQUE:
            for name in new.children(path):
                child = f"{path}/{name}" if path else name
                yield from _below(child, "removed by the layers, another one in the new base", old, new)
        case _:
            made = table.get(entry.link, entry) if entry.kind is Kind.HARDLINK else entry
            yield from _one(path, made, old, new)
            if entry.kind is not Kind.DIRECTORY:
                for name in new.children(path):
                    yield from _below(f"{path}/{name}", "covered by a file of the layers", old, new)


def _one(path: str, made: Entry, old: Tree, new: Tree) -> Iterator[Clash]:
    after, before = _content(new, path), _content(old, path)
    if after is None or not differences(made, after):
        if after is None and before is not None and made.kind is not Kind.DIRECTORY:
            yield Clash(path, "edited by the layers, not in the new base")
        return
    if before is None:
        yield Clash(path, "added by the layers and by the new base")
    elif differences(before, after):
        yield Clash(path, "edited by the layers, another one in the new base")


def _below(path: str, why: str, old: Tree, new: Tree) -> Iterator[Clash]:
    """What the new base has at a path, and below, otherwise than the old one."""
    for node in new.walk(path):
        before = _content(old, node.entry.path)
        if before is None or differences(before, new.content(node)):
            yield Clash(node.entry.path, why)


def _content(tree: Tree, path: str) -> Entry | None:
    node = tree.get(path)
    return tree.content(node) if node else None


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
