"""The files of an image, from its layer archives: whiteouts, hard links and replacements as the OCI image
specification (layer.md) has them. Deliberately small, slow and without any of the code under test."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

SHOWN = 120
"""Content up to this many bytes is shown as it is instead of as a digest."""
_OPAQUE = ".wh..wh..opq"
_XATTR = "SCHILY.xattr."
_KINDS = {
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
}


class BadLayerError(Exception):
    """A layer that no reader should have to take."""


class Node:
    """What stands at a path, or at several: hard links share a node."""

    def __init__(self, line: str, kind: str, mtime: int) -> None:
        self.line = line
        self.kind = kind
        self.mtime = mtime


class Member(NamedTuple):
    path: str
    node: Node | None
    """None for a whiteout or a hard link."""
    link: str = ""


Tree = dict[str, Node]
ROOT = Node("dir 0755 0:0", "dir", 0)


def empty_tree() -> Tree:
    """From path (no leading slash, the root is the empty path) to node."""
    return {"": ROOT}


def members_of(layer: tarfile.TarFile) -> list[Member]:
    """Raises BadLayerError."""
    return [_member(layer, header) for header in layer]


def entries(members: Sequence[Member]) -> dict[str, str]:
    """A line of text for each member of a layer, whiteouts and hard links among them."""
    return {f"/{member.path}": _line_of(member) for member in members}


def _line_of(member: Member) -> str:
    if member.node:
        return member.node.line
    return f"hardlink /{member.link}" if member.link else "whiteout"


def apply(tree: Tree, members: Sequence[Member]) -> None:
    """Puts a layer on top. Raises BadLayerError."""
    for member in members:
        folder, name = os.path.split(member.path)
        if name == _OPAQUE:
            _remove_below(tree, folder)
        elif name.startswith(".wh..wh."):
            continue
        elif name.startswith(".wh."):
            _remove(tree, os.path.join(folder, name.removeprefix(".wh.")))
    for member in members:
        if not os.path.basename(member.path).startswith(".wh."):
            _put(tree, member)


def lines(tree: Tree) -> dict[str, str]:
    """A line of text for each path, sorted; a hard link names the first path of its file."""
    first: dict[int, str] = {}
    result = {}
    for path in sorted(tree, key=os.fsencode):
        node = tree[path]
        seen = first.setdefault(id(node), path)
        result["/" + path] = node.line if seen == path else f"hardlink /{seen}"
    return result


def _put(tree: Tree, member: Member) -> None:
    for parent in _parents(member.path):
        if parent not in tree:
            tree[parent] = Node("dir 0755 0:0", "dir", 0)
        elif tree[parent].kind != "dir":
            raise BadLayerError(f"{member.path} stands below /{parent}, a {tree[parent].kind}")
    node = member.node or tree.get(member.link)
    if node is None:
        raise BadLayerError(f"{member.path} is a hard link to /{member.link}, which is not there")
    if node.kind != "dir":
        _remove_below(tree, member.path)
    tree[member.path] = node


def _remove(tree: Tree, path: str) -> None:
    tree.pop(path, None)
    _remove_below(tree, path)


def _remove_below(tree: Tree, path: str) -> None:
    for inner in [name for name in tree if name.startswith(f"{path}/" if path else "") and name != path]:
        del tree[inner]


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))


def _member(layer: tarfile.TarFile, header: tarfile.TarInfo) -> Member:
    path = _clean(header.name)
    if os.path.basename(path).startswith(".wh."):
        return Member(path, None)
    if header.islnk():
        return Member(path, None, _clean(header.linkname))
    content = layer.extractfile(header) if header.isreg() else None
    kind = "file" if content else _KINDS.get(header.type)
    if kind is None:
        raise BadLayerError(f"{path} has the type {header.type!r}")
    return Member(path, Node(_line(kind, header, content), kind, int(header.mtime)))


def _line(kind: str, header: tarfile.TarInfo, content: IO[bytes] | None) -> str:
    words = [kind, f"{header.mode & 0o7777:04o}", f"{header.uid}:{header.gid}"]
    if content:
        words += [str(header.size), _shown(content)]
    elif kind == "symlink":
        words += ["->", header.linkname]
    elif kind in ("char", "block"):
        words += [f"{header.devmajor}:{header.devminor}"]
    for key in sorted(header.pax_headers):
        if key.startswith(_XATTR):
            words.append(f"{key.removeprefix(_XATTR)}={_quoted(header.pax_headers[key].encode(*_BYTES))}")
    return " ".join(words)


_BYTES = ("utf-8", "surrogateescape")


def _shown(content: IO[bytes]) -> str:
    data = content.read(SHOWN + 1)
    if len(data) <= SHOWN:
        return _quoted(data)
    digest = hashlib.sha256(data)
    while data := content.read(1 << 20):
        digest.update(data)
    return f"sha256:{digest.hexdigest()}"


def _quoted(data: bytes) -> str:
    return json.dumps(data.decode(*_BYTES))


def _clean(name: str) -> str:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadLayerError(f"a name with ..: {name}")
    return "/".join(parts)
