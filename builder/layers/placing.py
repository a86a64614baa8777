"""Where the members of an archive belong: untrusted names to clean paths, judged against what came before.

As containerd's archive package decides: names are cleaned, `..` stops at the root, a symlink that an earlier member
made is followed, clamped to the root, on the way to a member but never as its last part; a later member replaces
an earlier one of the same path, a directory over a directory only its metadata. A member below something that is
no directory, and a hardlink to nothing, are errors.
"""

from __future__ import annotations

import os
from itertools import count
from typing import NamedTuple

from builder.errors import LayerError
from builder.layers.attributes import CAPABILITY
from builder.layers.header import OPAQUE_NAME, WHITEOUT_PREFIX
from builder.layers.members import Member
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind

_META_PREFIX = WHITEOUT_PREFIX * 2
"""Files that aufs kept for itself, but for the opaque marker."""

_KEPT_NAMESPACE = "user."
_OVERLAY_NAMESPACE = "user.overlay."
"""Would speak to the kernel's overlay of the snapshot: a hostile archive must not."""


class Placed(NamedTuple):
    """What has to be done so that the files become what the archive says so far."""

    entry: Entry
    """At its clean path. A HARDLINK's `link` is the clean path of what it links to."""
    replaces: bool
    """Something stands at that path and has to go first, with all below it."""
    implied: tuple[str, ...]
    """Directories to make first, outermost first, because no member described them."""


class Placing:
    """Takes members in archive order; `table` is the sorted result.

    With `markers`, names that begin with `.wh.` are whiteouts (a layer's archive); without, they are names. With
    `links_out`, a hardlink to what the archive does not hold is an entry of its own, whose `link` begins with a slash.
    """

    def __init__(self, *, markers: bool, links_out: bool = False) -> None:
        self._markers = markers
        self._links_out = links_out
        self._outside: dict[str, int] = {}
        """The groups of those links, by what they link to."""
        self._tree = Tree()
        self._implied: set[str] = {""}
        self._whiteouts: set[str] = set()
        self._opaque: set[str] = set()
        self._groups: dict[str, int] = {}
        """Paths that are hardlinks of each other, by the number of their group."""
        self._last_link: dict[int, Member] = {}
        """Whose owner, mode and time a group has. In layers all say the same."""
        self._numbers = count()

    def place(self, member: Member) -> Placed | None:
        """What `member` changes; None if nothing: it is the root of a layer, or a marker without effect."""
        parts = _clean(os.fsdecode(member.name))
        if not parts:
            return self._root(member)
        name = parts[-1]
        if self._markers and name.startswith(_META_PREFIX) and name != OPAQUE_NAME:
            return None
        parent = self._tree.resolve("/".join(parts[:-1]))
        implied = self._imply(parent)
        if self._markers and name.startswith(WHITEOUT_PREFIX):
            return self._marker(parent, name, implied)
        path = f"{parent}/{name}" if parent else name
        if member.kind is Kind.HARDLINK:
            entry = self._hardlink(path, member)
            if entry is None:
                return None
        else:
            entry = _entry(path, member)
            if entry.kind is Kind.CHAR_DEVICE and entry.device == (0, 0) and self._markers:
                return self._whiteout(path, implied)
        replaces = self._make_room(path, entry)
        self._tree.put(entry, 0)
        if member.kind is Kind.HARDLINK:
            target = self._target(member)
            self._groups[path] = group = self._group(target)
            if not self._markers:
                self._last_link[group] = member
            entry = entry._replace(kind=Kind.HARDLINK, link=target, size=0)
        return Placed(entry, replaces, implied)

    def hashed(self, path: str, digest: str) -> None:
        """Notes the digest of the file that was just placed at `path`."""
        node = self._tree.get(path)
        if node:
            self._tree.put(node.entry._replace(digest=digest), 0)

    def is_opaque(self, path: str) -> bool:
        """Whether the directory `path` hides what lies below it in other layers."""
        return path in self._opaque

    def directories(self) -> list[str]:
        """All directories, implied ones included, innermost first."""
        found = [node.entry.path for node in self._tree.walk() if node.entry.kind is Kind.DIRECTORY]
        return found[:0:-1]

    def table(self) -> list[Entry]:
        """What the archive holds, sorted, without what is only implied; of hardlinks the first is the file."""
        found: list[Entry] = []
        first: dict[int, str] = {}
        for node in self._tree.walk():
            entry = node.entry
            if entry.path in self._implied:
                continue
            group = self._groups.get(entry.path)
            if group in self._last_link:
                entry = _restated(entry, self._last_link[group])
            if group is not None and first.setdefault(group, entry.path) != entry.path:
                entry = entry._replace(kind=Kind.HARDLINK, link=first[group], size=0, digest="")
            found.append(entry)
        markers = [Entry(path, Kind.WHITEOUT) for path in self._whiteouts]
        markers += [Entry(path, Kind.OPAQUE) for path in self._opaque]
        if markers:
            found += markers
            found.sort(key=lambda entry: (os.fsencode(entry.path), entry.kind is Kind.OPAQUE))
        return found

    def _root(self, member: Member) -> Placed | None:
        if self._markers or member.kind is not Kind.DIRECTORY:
            return None  # as containerd: a layer does not describe the root
        entry = _entry("", member)
        self._tree.put(entry, 0)
        self._implied.discard("")
        return Placed(entry, False, ())

    def _imply(self, path: str) -> tuple[str, ...]:
        """The directories that are missing on the way to and at `path`; they are there afterwards."""
        missing: list[str] = []
        while True:
            node = self._tree.get(path)
            if node and node.entry.kind is Kind.DIRECTORY:
                break
            if node:
                raise LayerError("bad-archive", f"an archive has files below {path!r}, which is no directory")
            missing.append(path)
            path = path.rpartition("/")[0]
        for directory in reversed(missing):
            self._tree.put(Entry(directory, Kind.DIRECTORY, 0o755), 0)
            self._implied.add(directory)
            if directory in self._whiteouts:
                self._whiteouts.discard(directory)
                self._opaque.add(directory)
        return tuple(reversed(missing))

    def _marker(self, parent: str, name: str, implied: tuple[str, ...]) -> Placed | None:
        if name == OPAQUE_NAME:
            self._opaque.add(parent)
            return Placed(Entry(parent, Kind.OPAQUE), False, implied)
        hidden = name.removeprefix(WHITEOUT_PREFIX)
        if hidden in ("", ".", ".."):
            raise LayerError("bad-archive", f"an archive has the whiteout {name!r}, which names no file")
        return self._whiteout(f"{parent}/{hidden}" if parent else hidden, implied)

    def _whiteout(self, path: str, implied: tuple[str, ...]) -> Placed | None:
        """Hides `path` below; what this archive itself puts there stays (OCI image-spec, layer.md, Whiteouts)."""
        node = self._tree.get(path)
        if node is None:
            if path in self._whiteouts or path.rpartition("/")[0] in self._opaque:
                return None  # the kernel would list it, with nothing to be found there
            self._whiteouts.add(path)
            return Placed(Entry(path, Kind.WHITEOUT), False, implied)
        if node.entry.kind is Kind.DIRECTORY:
            self._opaque.add(path)
            return Placed(Entry(path, Kind.OPAQUE), False, implied)
        return None

    def _target(self, member: Member) -> str:
        parts = _clean(os.fsdecode(member.link))
        parent = self._tree.resolve("/".join(parts[:-1]))
        return f"{parent}/{parts[-1]}" if parent else "".join(parts[-1:])

    def _group(self, target: str) -> int:
        groups = self._groups if self._tree.get(target) else self._outside
        return groups.setdefault(target, next(self._numbers))

    def _hardlink(self, path: str, member: Member) -> Entry | None:
        """The entry at `path` when it has become a link; None if it is a link to itself."""
        target = self._target(member)
        node = self._tree.get(target)
        if node is None and self._links_out and path != target:
            return _entry(path, member)._replace(link=f"/{target}")
        if node is None or node.entry.kind is Kind.DIRECTORY:
            what = "is a directory" if node else "it does not hold before it"
            raise LayerError("bad-archive", f"an archive links {path!r} to {target!r}, which {what}")
        return None if path == target else node.entry._replace(path=path)

    def _make_room(self, path: str, entry: Entry) -> bool:
        """Whether something at `path` has to go for `entry`; what is known of it is forgotten."""
        self._implied.discard(path)
        self._outside.pop(path, None)
        if path in self._whiteouts:
            self._whiteouts.discard(path)
            if entry.kind is Kind.DIRECTORY:
                self._opaque.add(path)
            return True
        node = self._tree.get(path)
        if node is None:
            return False
        if node.entry.kind is Kind.DIRECTORY:
            if entry.kind is Kind.DIRECTORY:
                return False
            below = path + "/"
            for paths in (self._whiteouts, self._opaque, self._implied):
                paths -= {found for found in paths if found == path or found.startswith(below)}
            for found in [found for found in self._groups if found.startswith(below)]:
                del self._groups[found]
        self._groups.pop(path, None)
        return True


def _clean(name: str) -> list[str]:
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


def _restated(entry: Entry, link: Member) -> Entry:
    """What stays of a file when one more link to it is described: unpacking sets owner, mode and time each time."""
    entry = entry._replace(uid=link.uid, gid=link.gid)
    if entry.kind is Kind.SYMLINK:
        return entry
    return entry._replace(mode=link.mode, mtime=link.mtime_ns // 1_000_000_000)


def _entry(path: str, member: Member) -> Entry:
    kind = member.kind
    return Entry(
        path=path,
        kind=kind,
        mode=member.mode if kind is not Kind.SYMLINK else 0o777,
        uid=member.uid,
        gid=member.gid,
        size=member.size,
        mtime=member.mtime_ns // 1_000_000_000,
        link=os.fsdecode(member.link) if kind is Kind.SYMLINK else "",
        device=member.device,
        xattrs=_kept_xattrs(member) if member.xattrs and kind in (Kind.FILE, Kind.DIRECTORY) else (),
    )


def _kept_xattrs(member: Member) -> tuple[tuple[str, bytes], ...]:
    named = [(os.fsdecode(name), value) for name, value in member.xattrs]
    return tuple(
        (name, value)
        for name, value in named
        if name == CAPABILITY or (name.startswith(_KEPT_NAMESPACE) and not name.startswith(_OVERLAY_NAMESPACE))
    )
