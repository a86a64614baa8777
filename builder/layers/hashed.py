"""Knowing what a stream was after it has been read: a layer is what its diff id says, or it is nothing."""

from __future__ import annotations

import hashlib

from builder.layers.streams import Readable
from builder.model.digest import Digest


class HashedStream:
    """Passes a stream on. `digest` is that of what has been read; read to the end before you trust it."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        return data

    @property
    def digest(self) -> Digest:
        return Digest.from_hex(self._hash.hexdigest())
