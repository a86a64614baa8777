"""A stack of layers as a tree that COPY --from selects from."""

from __future__ import annotations

from collections.abc import Iterator

from builder.context.filetree import Identity, join_links
from builder.layers.tree import Node, Tree
from builder.lean import TYPE_CHECKING
from builder.model.entry import Entry, Kind

if TYPE_CHECKING:
    from builder.context.narrowing import Choice


def nodes_below(tree: Tree, path: str, choice: Choice | None) -> list[Node]:
    """What `FileTree.walk` gives out, as nodes."""
    below = [node for node in tree.walk(path) if node.entry.path != path]
    if choice is None:
        return below
    chosen = {entry.path for entry in choice.choose([node.entry for node in below])}
    return [node for node in below if node.entry.path in chosen]


class StackTree:
    """`FileTree` on the merged view of a stack's tables of contents."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def get(self, path: str) -> Entry | None:
        node = self._tree.get(path)
        return self._as_file(node) if node else None

    def children(self, path: str) -> list[str]:
        return self._tree.children(path)

    def resolve(self, path: str) -> str:
        return self._tree.resolve(path)

    def walk(self, path: str, choice: Choice | None = None) -> Iterator[Entry]:
        below = nodes_below(self._tree, path, choice)
        return join_links((self._as_file(node), self._identity(node)) for node in below)

    def _as_file(self, node: Node) -> Entry:
        return self._tree.content(node)._replace(path=node.entry.path)

    def _identity(self, node: Node) -> Identity | None:
        content = self._tree.content(node)
        return (node.layer, content.path) if content.kind is Kind.FILE else None
