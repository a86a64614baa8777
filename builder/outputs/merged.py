"""What the image shows when its layers lie on each other, file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from builder.images.contents import Contents
from builder.images.index import Built, ImageIndex
from builder.images.stored import Image
from builder.images.unpack import ensure_tables
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain
from builder.outputs.types import Means

Item = tuple[Entry, Callable[[], int] | None]
"""An entry, and what opens its content; None for what has none."""


@contextmanager
def merged_files(chain: Chain, means: Means) -> Iterator[Iterator[Item]]:
    """Every entry of the merged tree but its root, sorted, each directory before what is in it, each file before links
    to it. Openers hold within the block. Only layers that show something are read."""
    tree = Tree.of(ensure_tables(means.store, chain, means.open_source))
    means.check()
    with Contents(means.store, means.open_source) as contents:
        contents.take(chain, tree, tree.walk())
        yield ((entry, _opener(entry, contents)) for entry in merged_entries(tree))


@contextmanager
def files_of(built: Built, means: Means) -> Iterator[Iterator[Item]]:
    """`merged_files`; of an index each image's in a folder of its own."""
    with ExitStack() as opened:
        if isinstance(built, ImageIndex):
            parts = [
                (platform_folder(one), opened.enter_context(merged_files(one.layers, means))) for one in built.images
            ]
            yield (item for folder, items in sorted(parts, key=lambda part: part[0]) for item in _below(folder, items))
        else:
            yield opened.enter_context(merged_files(built.layers, means))


def platform_folder(image: Image) -> str:
    """`linux_arm_v7`, as buildx names it."""
    return (image.descriptor.platform or image.config.platform).full.replace("/", "_")


def _below(folder: str, items: Iterator[Item]) -> Iterator[Item]:
    yield Entry(folder, Kind.DIRECTORY, 0o755), None
    for entry, opener in items:
        link = f"{folder}/{entry.link}" if entry.kind is Kind.HARDLINK else entry.link
        yield entry._replace(path=f"{folder}/{entry.path}", link=link), opener


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
