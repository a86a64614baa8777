"""The job `apply`: a layer's blob, unpacked over a directory as a snapshot in overlay form.

Descriptors: the blob, from where it stands; where the table of contents goes.
"""

from __future__ import annotations

from typing import Any

from builder.layers.apply import apply
from builder.layers.compress import decompress
from builder.layers.hashed import HashedStream
from builder.layers.table import write_table
from builder.sandbox.identity import own_identities

_BUFFER = 1 << 18


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Overlay's own marks are made with the kind of attributes that this worker's mounts will look for. The result's
    `diff_id` is what the blob really carries: whoever asked compares it before anything trusts the directory."""
    blob_fd, table_fd = fds
    with open(blob_fd, "rb", buffering=_BUFFER) as blob:
        stream = HashedStream(decompress(blob))
        table = apply(stream, args["directory"], userxattr=own_identities().in_user_namespace)
    with open(table_fd, "wb", buffering=_BUFFER) as file:
        write_table(table, file)
    return {"diff_id": stream.digest, "entries": len(table)}
