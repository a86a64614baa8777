"""ADD of a local archive: what is in it, placed below the destination.

As docker unpacks: only directories merge, everything else replaces what stands there; symlinks of the image on the way
to a member are followed, with the destination as the root of absolute ones; what the archive says of its own root does
not touch the destination. `--chown` owns all of
it, `--chmod` does not count. A hard link to a file of the image is one where the archive's member makes that file look
other than before; where it looks the same the link is a copy, as BuildKit's layer leaves out what has not changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack

from builder.errors import ContextError, LayerError
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
    return [Item(entry, opener) for entry, opener in opened.enter_context(archive_items(fd, links_out=True))]


def place_members(members: list[Item], placement: Placement, dest: str, new: NewDirectory, owner: Owner | None) -> None:
    """Afterwards all members are placed; `dest` is made a directory if it is missing."""
    root = placement.resolve(dest)
    placement.make_directories(root, new._replace(mode=0o755))
    outside = _linked_outside(members, root, placement, owner)
    targets: dict[str, str] = {}
    for entry, opener in members:
        if not entry.path:
            continue
        above, _, name = entry.path.rpartition("/")
        parent = _inside(placement, root, above)
        placement.make_directories(parent, NewDirectory(mtime=new.mtime))
        targets[entry.path] = f"{parent}/{name}".strip("/")
        if entry.path in outside:
            found = outside[entry.path]
            placement.replace(found._replace(entry=found.entry._replace(path=targets[entry.path])))
            if found.entry.kind is Kind.HARDLINK:
                targets[entry.path] = found.entry.link
        else:
            placement.replace(Item(_placed(entry, targets, owner), opener))


def _linked_outside(members: list[Item], root: str, placement: Placement, owner: Owner | None) -> dict[str, Item]:
    """By the path of a link: the file of the image that it links to, as it was before, but with the metadata of the
    link. Those that are changed by that are put in their places."""
    found: dict[str, Item] = {}
    for entry, _ in members:
        if entry.kind is not Kind.HARDLINK or not entry.link.startswith("/"):
            continue
        above, _, name = entry.link[1:].rpartition("/")
        path = f"{_inside(placement, root, above)}/{name}".strip("/")
        known = placement.get(path)
        if known is None or known.kind is Kind.DIRECTORY:
            what = "is a directory" if known else "is neither in it before nor in the image"
            raise LayerError("bad-archive", f"an archive links {entry.path!r} to {entry.link!r}, which {what}")
        found[entry.path] = _restated(path, entry, placement, owner)
    return found


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


def _restated(path: str, link: Entry, placement: Placement, owner: Owner | None) -> Item:
    """What stands at `path` as one more link to it is described: linking sets owner, mode and time."""
    old = placement.file(path)
    uid, gid = owner or (link.uid, link.gid)
    entry = old.entry._replace(uid=uid, gid=gid, xattrs=())
    if entry.kind is not Kind.SYMLINK:
        entry = entry._replace(mode=link.mode, mtime=link.mtime)
    if entry == old.entry and not placement.has_placed(path):
        return old
    placement.restate(old._replace(entry=entry))
    return Item(entry._replace(kind=Kind.HARDLINK, link=path, size=0, digest=""))


def _placed(entry: Entry, targets: dict[str, str], owner: Owner | None) -> Entry:
    link = targets[entry.link] if entry.kind is Kind.HARDLINK else entry.link
    entry = entry._replace(path=targets[entry.path], link=link)
    return entry._replace(uid=owner.uid, gid=owner.gid) if owner else entry
