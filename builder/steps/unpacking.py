"""ADD of a local archive: what is in it, placed below the destination.

As docker unpacks: only directories merge, everything else replaces what stands there; symlinks of the image on the way
to a member are followed, with the destination as the root of absolute ones; what the archive says of its own root does
not touch the destination. `--chown` owns all of
it, `--chmod` does not count.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack

from builder.errors import ContextError
from builder.layers.archive import archive_items, is_archive
from builder.layers.links import resolve
from builder.model.entry import Entry, Kind
from builder.steps.owner import Owner
from builder.steps.place import Item, NewDirectory, Placement


def open_archive(path: str, open_: Callable[[str], int], opened: ExitStack) -> list[Item] | None:
    """The members, readable until `opened` is closed; None if the file is no archive."""
    fd = open_(path)
    opened.callback(os.close, fd)
    if not is_archive(fd):
        return None
    return [Item(entry, opener) for entry, opener in opened.enter_context(archive_items(fd))]


def place_members(members: list[Item], placement: Placement, dest: str, new: NewDirectory, owner: Owner | None) -> None:
    """Afterwards all members are placed; `dest` is made a directory if it is missing."""
    root = placement.resolve(dest)
    placement.make_directories(root, new._replace(mode=0o755))
    targets: dict[str, str] = {}
    for entry, opener in members:
        if not entry.path:
            continue
        above, _, name = entry.path.rpartition("/")
        parent = _inside(placement, root, above)
        placement.make_directories(parent, NewDirectory(mtime=new.mtime))
        targets[entry.path] = f"{parent}/{name}".strip("/")
        placement.replace(Item(_placed(entry, targets, owner), opener))


def _inside(placement: Placement, root: str, path: str) -> str:
    """Where `path` leads when `root` is the root of the file system. Raises ContextError where a symlink leads to
    nothing: then no directory is made."""

    def get(inner: str) -> Entry | None:
        return placement.get(f"{root}/{inner}".strip("/"))

    found = resolve(path, get)
    if found != path and get(found) is None:
        raise ContextError(
            "link-to-nothing",
            f"the archive has files below {path!r}, a symbolic link of the image that leads to nothing",
            hint="absolute links count from the destination while an archive is unpacked",
        )
    return f"{root}/{found}".strip("/")


def _placed(entry: Entry, targets: dict[str, str], owner: Owner | None) -> Entry:
    link = targets[entry.link] if entry.kind is Kind.HARDLINK else entry.link
    entry = entry._replace(path=targets[entry.path], link=link)
    return entry._replace(uid=owner.uid, gid=owner.gid) if owner else entry
