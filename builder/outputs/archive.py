"""A layout as one tar archive, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from builder.images.fetch import Progress
from builder.images.layout import blob_path
from builder.layers.header import END_OF_ARCHIVE, header, padding
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.store.store import Store

_CHUNK = 1 << 20
_WORTH_A_LINE = 64 << 10
"""Documents and tiny layers are written before anybody could read of them."""


def write_archive(
    store: Store,
    blobs: Mapping[Digest, int],
    files: Mapping[str, bytes],
    out: BinaryIO,
    progress: Progress | None = None,
) -> None:
    """All blobs (by digest, with their sizes) and, beside them, the small `files`, all of time 0 and in the order of
    their names. Every blob is verified on the way."""
    folders = {"blobs", *(f"blobs/{digest.algorithm}" for digest in blobs)}
    for folder in sorted(folders):
        out.write(header(Entry(folder, Kind.DIRECTORY, 0o755)))
    for digest, size in sorted(blobs.items()):
        _write_blob(store, digest, size, out, progress)
    for name, data in sorted(files.items()):
        out.write(header(Entry(name, Kind.FILE, 0o444, size=len(data))) + data + padding(len(data)))
    out.write(END_OF_ARCHIVE)


def _write_blob(store: Store, digest: Digest, size: int, out: BinaryIO, progress: Progress | None) -> None:
    out.write(header(Entry(blob_path(digest), Kind.FILE, 0o444, size=size)))
    done = 0
    with store.blobs.open(digest, size) as reader:
        while chunk := reader.read(_CHUNK):
            out.write(chunk)
            done += len(chunk)
            if progress and size >= _WORTH_A_LINE:
                progress(digest, done, size)
    out.write(padding(size))
