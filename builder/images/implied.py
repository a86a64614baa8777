"""Directories that a layer's archive leaves out though files are below them (some build tools write such archives).

In a container they look as in the layers below, so a snapshot of such an archive fits those bases only on which they
look the same. A note beside the snapshot's files says by a digest how they look in it. Other bases get another
snapshot, named by the diff id and that digest: a name that only this module knows, so that a collection takes it away
as a snapshot that no image has, and it is made again when it is needed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence

from builder.layers.table import read_table
from builder.layers.tree import Tree
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind

_NOTE = "implied"


def digest_of_looks(table: Iterable[Entry], below: Sequence[str]) -> str:
    """How the directories that `table` leaves out look on layers with the tables in the files `below`, as a digest in
    hex; empty where it leaves none out."""
    left_out = _left_out(table)
    if not left_out:
        return ""
    tree = Tree.of([_read(path) for path in below])
    state = hashlib.sha256()
    for path in sorted(left_out):
        node = tree.get(path)
        known = node.entry if node and node.entry.kind is Kind.DIRECTORY else Entry(path, Kind.DIRECTORY, 0o755)
        look = (known.mode, known.uid, known.gid, known.mtime, sorted(known.xattrs))
        state.update(os.fsencode(f"{path}\0{look}\0"))
    return state.hexdigest()


def note(snapshot_root: str, looks: str) -> None:
    """Beside the files of a snapshot that is being made."""
    if looks:
        with open(os.path.join(snapshot_root, _NOTE), "w", encoding="ascii") as file:
            file.write(looks)


def noted(files: str) -> str:
    """The digest of looks of a snapshot, by the directory of its files; empty where it fits every base."""
    try:
        with open(os.path.join(os.path.dirname(files), _NOTE), encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def variant(diff_id: Digest, looks: str) -> Digest:
    """The name of the snapshot with these looks, where one with others has the diff id's."""
    return Digest.from_hex(hashlib.sha256(f"{diff_id} {looks}".encode()).hexdigest())


def _left_out(table: Iterable[Entry]) -> set[str]:
    entries = list(table)
    described = {entry.path for entry in entries if entry.kind is Kind.DIRECTORY}
    found: set[str] = set()
    for entry in entries:
        path = entry.path if entry.kind is Kind.OPAQUE else os.path.dirname(entry.path)
        while path and path not in described and path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return found


def _read(path: str) -> list[Entry]:
    with open(path, "rb") as file:
        return read_table(file)
