"""The tree of files of one layer, as a person walks it: what it did to the files below, filtered and searched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from builder.images.compare import compare
from builder.layers.tree import Tree
from builder.layerview.analysis import UNCHANGED, Mark, Table, layer_marks
from builder.model.entry import Entry, Kind


class Wanted(NamedTuple):
    states: frozenset[str]
    text: str = ""
    """A part of the path, in either case."""
    by_size: bool = False
    """The largest first, not by name."""


class FileRow(NamedTuple):
    path: str
    name: str
    state: str
    kind: Kind
    mode: int
    owner: str
    size_bytes: int
    """Of a directory: of all that is shown in it."""
    link: str
    is_folder: bool


class LayerFiles:
    """What one layer shows together with those below it, and what it took away."""

    def __init__(self, after: Tree, before: Tree, states: Mapping[str, str]) -> None:
        self._after = after
        self._states = states
        self._gone = {path: node.entry for path in states if not after.get(path) and (node := before.get(path))}

    @classmethod
    def empty(cls) -> LayerFiles:
        """Of an image without layers."""
        return cls(Tree(), Tree(), {})

    def select(self, wanted: Wanted) -> Selection:
        """What of it is wanted, with the folders that lead there."""
        rows: dict[str, FileRow] = {}
        for node in self._after.walk():
            self._take(rows, node.entry, self._after.content(node), wanted)
        for entry in self._gone.values():
            self._take(rows, entry, entry, wanted)
        return Selection(self._with_folders(rows), wanted.by_size)

    def _take(self, rows: dict[str, FileRow], entry: Entry, content: Entry, wanted: Wanted) -> None:
        state = self._states.get(entry.path, UNCHANGED)
        if entry.path and state in wanted.states and wanted.text.lower() in entry.path.lower():
            rows[entry.path] = _row(entry, content, state)

    def _with_folders(self, rows: dict[str, FileRow]) -> dict[str, FileRow]:
        complete = dict(rows)
        sizes: dict[str, int] = {}
        for path, row in rows.items():
            folder = path.rpartition("/")[0]
            while folder:
                sizes[folder] = sizes.get(folder, 0) + (0 if row.is_folder else row.size_bytes)
                if folder not in complete:
                    complete[folder] = self._folder(folder)
                folder = folder.rpartition("/")[0]
        for path, size in sizes.items():  # a file that covers a folder has what was in it
            row = complete[path]
            complete[path] = row._replace(size_bytes=size + row.size_bytes, is_folder=True)
        return complete

    def _folder(self, path: str) -> FileRow:
        node = self._after.get(path)
        entry = node.entry if node else self._gone.get(path, Entry(path, Kind.DIRECTORY, 0o755))
        return _row(entry, entry, self._states.get(path, UNCHANGED))


class Selection:
    """Rows by the folder that they are in."""

    def __init__(self, rows: Mapping[str, FileRow], by_size: bool) -> None:
        self.count = sum(not row.is_folder for row in rows.values())
        self._children: dict[str, list[FileRow]] = {}
        for row in rows.values():
            self._children.setdefault(row.path.rpartition("/")[0], []).append(row)
        for siblings in self._children.values():
            siblings.sort(key=lambda row: (-row.size_bytes if by_size else 0, os.fsencode(row.name)))

    def children(self, folder: str = "") -> list[FileRow]:
        return self._children.get(folder, [])

    def walk(self) -> Iterator[FileRow]:
        """All of them, each folder before what is in it."""
        pending = self.children()[::-1]
        while pending:
            row = pending.pop()
            yield row
            pending += self.children(row.path)[::-1]


def files_of_layer(tables: Sequence[Table], number: int) -> LayerFiles:
    """What layer `number` (from 1) did to those below it."""
    below, after = Tree.of(tables[: number - 1]), Tree.of(tables[:number])
    marks: dict[str, Mark] = layer_marks(below, tables[number - 1])
    return LayerFiles(after, below, {path: mark.state for path, mark in marks.items()})


def files_since_base(tables: Sequence[Table], number: int) -> LayerFiles:
    """What all layers above the lowest did, up to layer `number`, taken together."""
    if number == 1:
        return files_of_layer(tables, 1)
    changes = compare(tables[:1], tables[:number], 1)
    states = {change.path: change.kind for change in changes}
    return LayerFiles(Tree.of(tables[:number]), Tree.of(tables[:1]), states)


def _row(entry: Entry, content: Entry, state: str) -> FileRow:
    name = entry.path.rpartition("/")[2]
    is_folder = entry.kind is Kind.DIRECTORY
    owner = f"{content.uid}:{content.gid}"
    return FileRow(entry.path, name, state, entry.kind, content.mode, owner, entry.size, entry.link, is_folder)
