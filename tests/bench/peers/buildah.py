"""buildah, with a store of its own."""

from __future__ import annotations

from tests.bench.peers.containers_storage import StoragePeer


def find(work: str) -> StoragePeer:
    return StoragePeer("buildah", work)
