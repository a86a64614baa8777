"""What stands below a step: the merged view of a chain's tables of contents, nothing unpacked."""

from __future__ import annotations

from collections.abc import Callable

from builder.images.unpack import ensure_table
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain
from builder.steps.kitchen import Kitchen
from builder.steps.owner import ReadFile

USER_FILE_BYTES = 10 << 20
"""More of a passwd or group file is not read."""


def tree_of(chain: Chain, kitchen: Kitchen) -> Tree:
    """Layers whose contents are not known yet are fetched and read."""
    tables = [ensure_table(kitchen.store, layer, kitchen.open_source, kitchen.fetching) for layer in chain]
    return Tree.of(tables)


def below(tree: Tree) -> Callable[[str], Entry | None]:
    """How a placement asks for what stands at a path."""

    def get(path: str) -> Entry | None:
        node = tree.get(path)
        return node.entry if node else None

    return get


def file_reader(chain: Chain, kitchen: Kitchen) -> ReadFile:
    """Reads small files of a stack of layers, symlinks followed."""

    def read(path: str) -> bytes | None:
        from builder.steps.contents import StackContents

        tree = tree_of(chain, kitchen)
        node = tree.get(tree.resolve(path))
        if node is None or tree.content(node).kind is not Kind.FILE:
            return None
        with StackContents(chain, kitchen) as contents:
            contents.need([node.entry])
            with open(contents.open(node.entry.path), "rb") as file:
                return file.read(USER_FILE_BYTES)

    return read
