"""What an image's layers add, change and remove, and how many of their bytes nobody sees."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.images.compare import differences
from builder.images.history import history_of
from builder.images.sources.types import OpenSource
from builder.images.stored import Image
from builder.images.unpack import ensure_tables
from builder.layers.tree import Tree
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.store.store import Store

ADDED, CHANGED, REMOVED, UNCHANGED = "added", "changed", "removed", "unchanged"
Table = Sequence[Entry]


class LayerRow(NamedTuple):
    number: int
    """From 1 for the lowest on."""
    diff_id: Digest
    digest: Digest
    """Of its blob."""
    blob_bytes: int
    created_by: str
    size_bytes: int
    """Of its files, uncompressed."""
    added: int
    changed: int
    removed: int
    """Files, directories not counted; of a removed directory each file in it."""
    hidden_bytes: int
    """Of its files that the image does not show: a higher layer has them again, or took them away."""


class Waste(NamedTuple):
    """A path that several layers speak of."""

    path: str
    copies: int
    """A removal among them."""
    size_bytes: int
    """Of all copies."""
    layers: tuple[int, ...]
    """Numbers of the layers."""
    removed: bool
    """Whether the image shows it no more."""


class Analysis(NamedTuple):
    layers: tuple[LayerRow, ...]
    size_bytes: int
    """Of all files of all layers."""
    efficiency: float
    """1 where no path is in two layers."""
    wasted_bytes: int
    hidden_bytes: int
    user_wasted_percent: float
    """Waste as a part (0 to 1) of all layers but the lowest, under dive's name."""
    wastes: tuple[Waste, ...]
    """The largest first; those of no bytes are left out."""


class Mark(NamedTuple):
    """What a layer makes of one path."""

    state: str
    """ADDED, CHANGED or REMOVED."""
    kind: Kind
    """Of what is there now, or was removed."""
    size: int
    was: Kind | None
    """What was there before."""


class _Copy(NamedTuple):
    layer: int
    size: int
    removed: bool


def analyse(store: Store, image: Image, open_source: OpenSource) -> tuple[Analysis, list[Table]]:
    """The analysis, and the tables that it comes from."""
    tables: list[Table] = list(ensure_tables(store, image.layers, open_source))
    return analysis_of(image, tables), tables


def analysis_of(image: Image, tables: Sequence[Table]) -> Analysis:
    copies: dict[str, list[_Copy]] = {}
    counts: list[Counter[str]] = []
    tree = Tree()
    for position, table in enumerate(tables):
        marks = layer_marks(tree, table)
        for path, mark in marks.items():
            if mark.kind is not Kind.DIRECTORY or mark.was not in (None, Kind.DIRECTORY):
                gone = mark.state == REMOVED or mark.kind is Kind.DIRECTORY
                copies.setdefault(path, []).append(_Copy(position, 0 if gone else mark.size, gone))
        counts.append(Counter(mark.state for mark in marks.values() if mark.kind is not Kind.DIRECTORY))
        tree.stack(table, position)
    sizes = [sum(entry.size for entry in table if entry.kind is Kind.FILE) for table in tables]
    shown = _shown(tree)
    hidden = [size - shown[position] for position, size in enumerate(sizes)]
    return _summed(copies, tuple(_rows(image, sizes, counts, hidden)))


def layer_marks(below: Tree, table: Table) -> dict[str, Mark]:
    """By path. A directory that is only listed again is left out; of a removed one everything in it is named."""
    marks: dict[str, Mark] = {}
    for path in _taken_away(below, table):
        node = below.get(path)
        if node:
            marks[path] = Mark(REMOVED, node.entry.kind, node.entry.size, node.entry.kind)
    for entry in table:
        if entry.kind in (Kind.WHITEOUT, Kind.OPAQUE) or not entry.path:
            continue
        node = below.get(entry.path)
        if node is None:
            marks[entry.path] = Mark(ADDED, entry.kind, entry.size, None)
        elif entry.kind is not Kind.DIRECTORY or differences(below.content(node), entry):
            marks[entry.path] = Mark(CHANGED, entry.kind, entry.size, node.entry.kind)
        else:
            marks.pop(entry.path, None)
    return marks


def _taken_away(below: Tree, table: Table) -> Iterator[str]:
    """Paths that whiteouts, or files in the place of directories, cover."""
    for entry in table:
        node = below.get(entry.path)
        if node is None or (entry.kind is Kind.DIRECTORY and node.entry.kind is Kind.DIRECTORY):
            continue
        for found in below.walk(entry.path):
            if found.entry.path != entry.path or entry.kind is Kind.WHITEOUT:
                yield found.entry.path


def _shown(tree: Tree) -> Counter[int]:
    """Bytes of each layer that the image shows; a file that has several links counts once."""
    found = {(node.layer, (content := tree.content(node)).path): content.size for node in tree.walk()}
    shown: Counter[int] = Counter()
    for (layer, _), size in found.items():
        shown[layer] += size
    return shown


def _rows(image: Image, sizes: list[int], counts: list[Counter[str]], hidden: list[int]) -> Iterator[LayerRow]:
    texts = [" ".join(row.created_by.split()) for row in reversed(history_of(image)) if row.diff_id]
    for position, layer in enumerate(image.layers):
        count, blob = counts[position], layer.descriptor
        yield LayerRow(
            number=position + 1,
            diff_id=layer.diff_id,
            digest=blob.digest,
            blob_bytes=blob.size,
            created_by=texts[position],
            size_bytes=sizes[position],
            added=count[ADDED],
            changed=count[CHANGED],
            removed=count[REMOVED],
            hidden_bytes=hidden[position],
        )


def _summed(copies: dict[str, list[_Copy]], layers: tuple[LayerRow, ...]) -> Analysis:
    smallest = sum(min(copy.size for copy in known) for known in copies.values())
    stored = sum(copy.size for known in copies.values() for copy in known)
    wastes = [
        Waste(path, len(known), size, tuple(copy.layer + 1 for copy in known), known[-1].removed)
        for path, known in copies.items()
        if len(known) > 1 and (size := sum(copy.size for copy in known))
    ]
    wasted = sum(waste.size_bytes for waste in wastes)
    upper = sum(row.size_bytes for row in layers[1:])
    return Analysis(
        layers=layers,
        size_bytes=sum(row.size_bytes for row in layers),
        efficiency=smallest / stored if stored else 1.0,
        wasted_bytes=wasted,
        hidden_bytes=sum(row.hidden_bytes for row in layers),
        user_wasted_percent=wasted / upper if upper else 0.0,
        wastes=tuple(sorted(wastes, key=lambda waste: (-waste.size_bytes, os.fsencode(waste.path)))),
    )
