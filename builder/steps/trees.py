"""What stands below a step: the merged view of a chain's tables of contents, nothing unpacked."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from builder.context.stack import StackTree
from builder.images.contents import Contents
from builder.images.unpack import ensure_table
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain, Layer
from builder.steps.kitchen import Kitchen
from builder.steps.owner import ReadFile
from builder.steps.place import Item

USER_FILE_BYTES = 10 << 20
"""More of a passwd or group file is not read."""


def tree_of(chain: Chain, kitchen: Kitchen) -> Tree:
    """What can be read there. Layers whose contents are not known yet are fetched and read."""
    return Tree.of([_known_table(layer, kitchen) for layer in chain])


def ground_of(chain: Chain, kitchen: Kitchen) -> Tree:
    """What files are placed on: of layers that are not here it suffices that somebody says what they hold."""
    return Tree.of([_said_table(layer, kitchen) for layer in chain])


def _known_table(layer: Layer, kitchen: Kitchen) -> Sequence[Entry]:
    return ensure_table(kitchen.store, layer, kitchen.open_source, kitchen.fetching)


def _said_table(layer: Layer, kitchen: Kitchen) -> Sequence[Entry]:
    store, blob = kitchen.store, layer.descriptor
    if kitchen.claims is None or store.tables.has(layer.diff_id) or store.blobs.has(blob.digest, blob.size):
        return _known_table(layer, kitchen)
    claimed = kitchen.claims.table(layer)
    return _known_table(layer, kitchen) if claimed is None else claimed


def below(tree: Tree) -> Callable[[str], Entry | None]:
    """How a placement asks for what stands at a path."""

    def get(path: str) -> Entry | None:
        node = tree.get(path)
        return node.entry if node else None

    return get


@contextmanager
def stack_contents(chain: Chain, tree: Tree, paths: Iterable[str], kitchen: Kitchen) -> Generator[Callable[[str], int]]:
    """Opens files of a stack of layers by their paths; only those at `paths`, which are taken out of the blobs now."""
    nodes = [node for path in paths if (node := tree.get(path))]
    with Contents(kitchen.store, kitchen.open_source, kitchen.fetching) as contents:
        contents.take(chain, tree, nodes)

        def open_(path: str) -> int:
            node = tree.get(path)
            entry = tree.content(node) if node else None
            if entry is None or not entry.size:
                return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            return contents.open(entry.digest)

        yield open_


def files_below(chain: Chain, tree: Tree, kitchen: Kitchen, opened: ExitStack) -> Callable[[str], Item]:
    """How a placement asks for a file, no directory, with its content, which holds until `opened` is closed."""

    def get(path: str) -> Item:
        entry = tree.content(tree[path])
        open_ = opened.enter_context(stack_contents(chain, tree, [path], kitchen))
        return Item(entry._replace(path=path), partial(open_, path) if entry.kind is Kind.FILE else None)

    return get


def file_reader(chain: Chain, kitchen: Kitchen) -> ReadFile | None:
    """Reads small files of a stack of layers, symlinks followed; None where there are no layers at all."""
    if not chain:
        return None

    def read(path: str) -> bytes | None:
        tree = ground_of(chain, kitchen)
        found = tree.resolve(path)
        entry = StackTree(tree).get(found)
        if entry is None or entry.kind is not Kind.FILE:
            return None
        with stack_contents(chain, tree, [found], kitchen) as open_, open(open_(found), "rb") as file:
            return file.read(USER_FILE_BYTES)

    return read
