"""What stands below a step: the merged view of a chain's tables of contents, nothing unpacked."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from builder.context.stack import StackTree
from builder.images.contents import Contents
from builder.images.unpack import ensure_tables
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain, Layer
from builder.steps.kitchen import Kitchen
from builder.steps.owner import ReadFile
from builder.steps.place import Item
from builder.store.store import Store

USER_FILE_BYTES = 10 << 20
"""More of a passwd or group file is not read."""


def tree_of(chain: Chain, kitchen: Kitchen) -> Tree:
    """What can be read there. Layers whose contents are not known yet are fetched and read."""
    return Tree.of(_tables(chain, {}, kitchen))


def ground_of(chain: Chain, kitchen: Kitchen) -> Tree:
    """What files are placed on: of layers that are not here it suffices that somebody says what they hold."""
    store = kitchen.store
    away = [layer for layer in chain if not store.tables.has(layer.diff_id) and not _is_here(layer, store)]
    said = kitchen.claims.tables(away, kitchen.stop_fetching) if away else {}
    return Tree.of(_tables(chain, said, kitchen))


def _is_here(layer: Layer, store: Store) -> bool:
    return store.blobs.has(layer.descriptor.digest, layer.descriptor.size)


def _tables(chain: Chain, said: Mapping[Layer, Sequence[Entry]], kitchen: Kitchen) -> list[Sequence[Entry]]:
    """Those of the whole chain, bottom first; what nobody has said is fetched together."""
    unsaid = tuple(layer for layer in chain if layer not in said)
    read = ensure_tables(kitchen.store, unsaid, kitchen.open_source, kitchen.fetching, kitchen.stop_fetching)
    tables = {**said, **dict(zip(unsaid, read, strict=True))}
    return [tables[layer] for layer in chain]


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
