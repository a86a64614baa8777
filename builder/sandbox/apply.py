"""The job `apply`: a layer's blob, unpacked over a directory as a snapshot in overlay form.

Descriptors: the blob, from where it stands; where the table of contents goes.
"""

from __future__ import annotations

from typing import Any

from builder.layers.apply import apply
from builder.layers.compress import decompress
from builder.layers.hashed import HashedStream
from builder.layers.table import read_table, write_table
from builder.layers.tree import Node, Tree
from builder.model.entry import Entry
from builder.sandbox.identity import own_identities

_BUFFER = 1 << 18


class _Below:
    """The layers below, merged only when an archive leaves a directory out; hardly any does."""

    def __init__(self, tables: list[str]) -> None:
        self._tables = tables
        self._tree: Tree | None = None

    def get(self, path: str) -> Node | None:
        if self._tree is None:
            self._tree = Tree.of([_read(table) for table in self._tables])
        return self._tree.get(path)


def _read(path: str) -> list[Entry]:
    with open(path, "rb") as file:
        return read_table(file)


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """`directory` is what to fill, `below` the files with the tables of the layers below, lowest first.

    Overlay's own marks are made with the kind of attributes that this worker's mounts will look for. The result's
    `diff_id` is what the blob really carries: whoever asked compares it before anything trusts the directory."""
    blob_fd, table_fd = fds
    with open(blob_fd, "rb", buffering=_BUFFER) as blob:
        stream = HashedStream(decompress(blob))
        below = _Below(args.get("below", []))
        table = apply(stream, args["directory"], userxattr=own_identities().in_user_namespace, below=below)
    with open(table_fd, "wb", buffering=_BUFFER) as file:
        write_table(table, file)
    return {"diff_id": stream.digest, "entries": len(table)}
