"""Where files go: what one step puts on top of the tree below, worked out before a byte is written.

The rules are those of BuildKit's file operations: an existing destination keeps its metadata, directories merge, a
file never replaces a directory (an unpacked archive's file does), missing parents are made.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from builder.errors import ContextError
from builder.layers.links import resolve
from builder.layers.pack import Opener
from builder.model.entry import Entry, Kind


class Item(NamedTuple):
    entry: Entry
    opener: Opener | None = None


class NewDirectory(NamedTuple):
    """How directories look that have to be made on the way."""

    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    mtime: int = 0


def _no_contents(path: str) -> Item:
    raise LookupError(f"this placement reads no files of the image: {path}")


class Placement:
    """The entries of a layer in the making. All paths are relative to the root, clean, without a leading slash."""

    def __init__(self, below: Callable[[str], Entry | None], file_below: Callable[[str], Item] = _no_contents) -> None:
        self._below = below
        self._file_below = file_below
        self._items: dict[str, Item] = {}
        self._links: dict[str, set[str]] = {}
        """The paths of hard links by what they link to."""
        self._replaced: set[str] = set()
        """Paths whose directory below has been replaced by something else: nothing below shines through."""

    def get(self, path: str) -> Entry | None:
        """What stands at `path` now; a symlink there is not followed, nor one on the way."""
        item = self._items.get(path)
        if item is not None:
            return item.entry
        if self._replaced and any(parent in self._replaced for parent in _ancestors(path)):
            return None
        return self._below(path)

    def resolve(self, path: str) -> str:
        """`path` with every symlink followed, the last part's too, clamped in the root; what does not exist is kept
        as it is. Raises LayerError `symlink-loop`."""
        known = self._items.get(path.strip("/"))
        if known and known.entry.kind is Kind.DIRECTORY:
            return known.entry.path  # what is placed has a resolved path
        return resolve(path, self.get)

    def make_directories(self, path: str, new: NewDirectory) -> None:
        """Afterwards `path` and all above it are directories; those that were there keep what they have."""
        missing: list[str] = []
        while path and (entry := self.get(path)) is None:
            missing.append(path)
            path = path.rpartition("/")[0]
        if path and entry and entry.kind is not Kind.DIRECTORY:
            raise ContextError("not-a-directory", f"/{path} is not a directory in the image")
        for part in reversed(missing):
            self._items[part] = Item(Entry(part, Kind.DIRECTORY, new.mode, new.uid, new.gid, mtime=new.mtime))

    def put(self, item: Item) -> None:
        """Puts what is not a directory at its path. Raises ContextError where a directory stands."""
        existing = self.get(item.entry.path)
        if existing is not None and existing.kind is Kind.DIRECTORY:
            message = f"cannot replace the directory /{item.entry.path} with a file"
            raise ContextError("file-over-directory", message, hint="choose another destination")
        self._set(item)

    def put_directory(self, entry: Entry, overwrite: bool) -> None:
        """Puts a directory; where one stands its metadata are replaced only with `overwrite`."""
        existing = self.get(entry.path)
        if existing is not None and existing.kind is not Kind.DIRECTORY:
            message = f"cannot copy a directory over /{entry.path}, which is none"
            raise ContextError("directory-over-file", message, hint="choose another destination")
        if existing is None or overwrite:
            self._items[entry.path] = Item(entry)

    def lead_through(self, entry: Entry, mode: int) -> None:
        """Puts a directory for the sake of what is in it; one that stands there gets `mode` and keeps the rest."""
        existing = self.get(entry.path)
        if existing is not None and existing.kind is Kind.DIRECTORY:
            entry = existing._replace(mode=mode)
        self.put_directory(entry, overwrite=True)

    def replace(self, item: Item) -> None:
        """Puts anything at its path, as unpacking an archive does: only directories merge, all else is replaced."""
        path = item.entry.path
        existing = self.get(path)
        if existing is not None and existing.kind is Kind.DIRECTORY and item.entry.kind is not Kind.DIRECTORY:
            self._remove_below(path)
        self._set(item)

    def has_placed(self, path: str) -> bool:
        return path in self._items

    def file(self, path: str) -> Item:
        """What stands at `path`, no directory, with what opens it."""
        return self._items.get(path) or self._file_below(path)

    def restate(self, item: Item) -> None:
        """Puts the same file with other metadata: hard links to it stay that."""
        self._items[item.entry.path] = item

    def _set(self, item: Item) -> None:
        self._take_away(item.entry.path)
        self._enter(item)

    def _enter(self, item: Item) -> None:
        self._items[item.entry.path] = item
        if item.entry.kind is Kind.HARDLINK:
            self._links.setdefault(item.entry.link, set()).add(item.entry.path)

    def _take_away(self, path: str) -> None:
        """Hard links keep the content that they were made with when what they link to is replaced."""
        old = self._items.pop(path, None)
        if old is None:
            return
        if old.entry.kind is Kind.HARDLINK:
            self._links[old.entry.link].discard(path)
        links = sorted(self._links.pop(path, ()), key=os.fsencode)
        for name in links[:1]:
            self._enter(Item(old.entry._replace(path=name), old.opener))
        for name in links[1:]:
            self._enter(Item(self._items[name].entry._replace(link=links[0])))

    def _remove_below(self, path: str) -> None:
        self._replaced.add(path)
        for inner in [name for name in self._items if name.startswith(f"{path}/")]:
            self._take_away(inner)

    def items(self) -> list[Item]:
        """All entries sorted by the bytes of their paths, with the directories above them that were there before:
        a layer says the metadata of every directory it touches."""
        complete = dict(self._items)
        for path in self._items:
            parent = path.rpartition("/")[0]
            while parent and parent not in complete and (entry := self.get(parent)):
                complete[parent] = Item(entry)
                parent = parent.rpartition("/")[0]
        for target, links in self._links.items():
            _put_first(complete, target, links)
        return sorted(complete.values(), key=lambda item: os.fsencode(item.entry.path))


def _put_first(items: dict[str, Item], target: str, links: set[str]) -> None:
    """Afterwards the first path of the file at `target` has the content, the others link to it."""
    first = min((target, *links), key=os.fsencode)
    if first == target:
        return
    old = items[target]
    items[first] = old._replace(entry=old.entry._replace(path=first))
    for name in ({target} | links) - {first}:
        items[name] = Item(old.entry._replace(path=name, kind=Kind.HARDLINK, link=first, size=0, digest=""))


def _ancestors(path: str) -> list[str]:
    """The directories above `path`, outermost first, without the root."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
