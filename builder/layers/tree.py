"""What a stack of layers shows, from their tables alone: nothing is mounted or unpacked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.errors import LayerError
from builder.layers.links import resolve
from builder.model.entry import Entry, Kind

_IMPLICIT_MODE = 0o755


class Node(NamedTuple):
    entry: Entry
    layer: int
    """Position of the table that it comes from; -1 for the root of a stack that says nothing about it."""


class Tree:
    """The merged view of stacked tables, lowest first, as an overlay of their snapshots would show it.

    Paths are clean as `Entry.path` is, unless a method says that it resolves. A directory that only a longer path
    implies counts as 0755 0:0, unless a layer below describes it.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {"": Node(Entry("", Kind.DIRECTORY, _IMPLICIT_MODE), -1)}
        self._children: dict[str, dict[str, None]] = {"": {}}
        self._linked: dict[Node, Entry] = {}

    @classmethod
    def of(cls, tables: Sequence[Sequence[Entry]]) -> Tree:
        """Tables are sorted as `pack` returns them. Raises LayerError `bad-layer` for a hardlink to nothing."""
        tree = cls()
        for layer, table in enumerate(tables):
            tree.stack(table, layer)
        return tree

    def get(self, path: str) -> Node | None:
        """The node at `path` itself: no symlink is followed."""
        return self._nodes.get(path)

    def __getitem__(self, path: str) -> Node:
        return self._nodes[path]

    def content(self, node: Node) -> Entry:
        """The entry whose content `node` shows: of a hardlink the entry it links to, in the same layer; else itself."""
        return self._linked[node] if node.entry.kind is Kind.HARDLINK else node.entry

    def children(self, path: str) -> list[str]:
        """Names in the directory `path`, sorted by their bytes; empty if it is no directory."""
        return sorted(self._children.get(path, ()), key=os.fsencode)

    def walk(self, path: str = "") -> Iterator[Node]:
        """The node at `path` and all below it, sorted by the bytes of their paths."""
        if path not in self._nodes:
            return
        for found in sorted(self._below(path), key=os.fsencode):
            yield self._nodes[found]

    def resolve(self, path: str, follow_last: bool = True) -> str:
        """The clean path that `path` (absolute or not, with `.` and `..`) leads to when this tree is the root.

        Symlinks are followed, the last part's only if `follow_last`; `..` stops at the root; parts that do not exist
        stay as they stand. Raises LayerError `symlink-loop`.
        """
        known = self._nodes.get(path)
        if known and not (known.entry.kind is Kind.SYMLINK and follow_last):
            return path  # all keys are resolved paths
        return resolve(path, self._entry, follow_last)

    def _entry(self, path: str) -> Entry | None:
        node = self._nodes.get(path)
        return node.entry if node else None

    def put(self, entry: Entry, layer: int) -> None:
        """Enters `entry`, which is no marker: a directory keeps what it holds, anything else replaces all of it."""
        path = entry.path
        if path not in self._nodes:
            parent, _, name = path.rpartition("/")
            if parent not in self._children:
                self._imply(parent, layer)
            self._children[parent][name] = None
        if entry.kind is Kind.DIRECTORY:
            self._children.setdefault(path, {})
        elif path in self._children:
            self._empty(path)
            del self._children[path]
        self._nodes[path] = Node(entry, layer)

    def stack(self, table: Sequence[Entry], layer: int) -> None:
        """Puts another table on top."""
        own: dict[str, Entry] = {}
        for entry in table:
            kind, path = entry.kind, entry.path
            if kind is Kind.WHITEOUT:
                self._remove(path)
            elif kind is Kind.OPAQUE:
                self._imply(path, layer)
                self._empty(path)
            else:
                self.put(entry, layer)
                own[path] = entry
                if kind is Kind.HARDLINK:
                    target = own.get(entry.link)
                    if target is None:
                        raise LayerError("bad-layer", f"{path!r} links to {entry.link!r}, which is not in its layer")
                    self._linked[self._nodes[path]] = self._linked.get(Node(target, layer), target)

    def _imply(self, path: str, layer: int) -> None:
        """Makes `path`, and what leads to it, directories where they are not."""
        missing = []
        while path not in self._children:
            missing.append(path)
            path = path.rpartition("/")[0]
        for directory in reversed(missing):
            parent, _, name = directory.rpartition("/")
            self._children[parent][name] = None
            self._children[directory] = {}
            self._nodes[directory] = Node(Entry(directory, Kind.DIRECTORY, _IMPLICIT_MODE), layer)

    def _remove(self, path: str) -> None:
        if path in self._nodes and path:
            self._empty(path)
            parent, _, name = path.rpartition("/")
            del self._children[parent][name], self._nodes[path]
            self._children.pop(path, None)

    def _empty(self, path: str) -> None:
        for found in list(self._below(path))[1:]:
            del self._nodes[found]
            self._children.pop(found, None)
        if path in self._children:
            self._children[path] = {}

    def _below(self, path: str) -> Iterator[str]:
        """`path`, then everything below it; no order but parents first."""
        pending = [path]
        while pending:
            found = pending.pop()
            yield found
            pending += [f"{found}/{name}" if found else name for name in self._children.get(found, ())]
