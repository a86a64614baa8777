"""What the image shows when its layers lie on each other, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from builder.images.contents import Contents
from builder.images.stored import Image
from builder.images.unpack import ensure_table
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.outputs.types import Means

Item = tuple[Entry, Callable[[], int] | None]
"""An entry, and what opens its content; None for what has none."""


@contextmanager
def merged_files(image: Image, means: Means) -> Iterator[Iterator[Item]]:
    """Every entry of the merged tree but its root, sorted, each directory before what is in it, each file before links
    to it. Openers hold within the block. Only layers that show something are read."""
    chain = image.layers
    tree = Tree.of([ensure_table(means.store, layer, means.open_source) for layer in chain])
    with Contents(means.store, means.open_source) as contents:
        contents.take(chain, tree, tree.walk())
        yield ((entry, _opener(entry, contents)) for entry in merged_entries(tree))


def merged_entries(tree: Tree) -> Iterator[Entry]:
    """A hardlink whose file a higher layer hides becomes the file, and the links after it link to it."""
    shown: dict[tuple[int, str], str] = {}
    for node in tree.walk():
        entry = node.entry
        if not entry.path:
            continue
        content = tree.content(node)
        first = shown.setdefault((node.layer, content.path), entry.path)
        if entry.kind is not Kind.HARDLINK:
            yield entry
        elif first == entry.path:
            yield content._replace(path=entry.path)
        else:
            yield entry._replace(link=first)


def _opener(entry: Entry, contents: Contents) -> Callable[[], int] | None:
    return partial(contents.open, entry.digest) if entry.kind is Kind.FILE and entry.size else None
