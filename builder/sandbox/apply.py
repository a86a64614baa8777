"""The job `apply`: a layer's blob, unpacked over a directory as a snapshot in overlay form.

Descriptors: the blob, from where it stands; where the table of contents goes.
"""

from __future__ import annotations

from typing import Any

from builder.layers.apply import apply
from builder.layers.compress import decompress
from builder.layers.table import write_table
from builder.sandbox.identity import own_identities

_BUFFER = 1 << 18


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Overlay's own marks are made with the kind of attributes that this worker's mounts will look for."""
    blob_fd, table_fd = fds
    with open(blob_fd, "rb", buffering=_BUFFER) as blob:
        table = apply(decompress(blob), args["directory"], userxattr=own_identities().in_user_namespace)
    with open(table_fd, "wb", buffering=_BUFFER) as file:
        write_table(table, file)
    return {"entries": len(table)}
