"""Records for tests."""

from __future__ import annotations

from builder.model import media_types
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.solve.keys import key_of
from builder.solve.types import Record
from builder.store.store import Store


def record_of(
    store: Store, word: str, step: str = "Buildfile#build/1", created: str = "2026-11-24T10:00:00Z"
) -> Record:
    """A record whose layer's blob is in the store."""
    parts = {"format": 1, "kind": "run", "argv": ["/bin/sh", "-c", word], "name": "caf\udce9"}
    blob = store.blobs.put_bytes(word.encode(), media_types.OCI_LAYER_GZIP)
    layer = Layer(Digest.of(b"tar of " + word.encode()), blob)
    return Record(key_of(parts), step, f"RUN {word}", layer, parts, created, 1.5, "build-1")
