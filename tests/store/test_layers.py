from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder.errors import StoreError
from builder.model import media_types
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.model.layer import Layer
from builder.store.store import Store

DIFF_ID = Digest.of(b"layer")
TABLE = [Entry("bin", Kind.DIRECTORY, 0o755), Entry("bin/\udcff", Kind.FILE, 0o755, size=3, digest="0" * 64)]


def test_table_is_kept_for_this_and_later_processes(store: Store) -> None:
    assert not store.tables.has(DIFF_ID)
    store.tables.put(DIFF_ID, iter(TABLE))
    assert store.tables.has(DIFF_ID)
    assert store.tables.read(DIFF_ID) == TABLE
    assert store.tables.read(DIFF_ID) is store.tables.read(DIFF_ID)
    with Store.open(store.root) as other:
        assert other.tables.has(DIFF_ID)
        assert other.tables.read(DIFF_ID) == TABLE


@pytest.mark.parametrize("data", [b"", b"\0" * 300, b"{}"])
def test_damaged_table_is_missing_and_can_be_put_again(store: Store, data: bytes) -> None:
    store.tables.put(DIFF_ID, TABLE)
    with Store.open(store.root) as other:
        os.chmod(other.tables.path(DIFF_ID), 0o600)
        Path(other.tables.path(DIFF_ID)).write_bytes(data)
        with pytest.raises(StoreError) as raised:
            other.tables.read(DIFF_ID)
        assert raised.value.code == "table-missing"
        assert not other.tables.has(DIFF_ID)
        other.tables.put(DIFF_ID, TABLE)
        assert other.tables.load(DIFF_ID) == TABLE


def test_blob_of_a_layer_is_found_by_media_type(store: Store) -> None:
    assert store.layers.find(DIFF_ID) is None
    gzip = store.blobs.put_bytes(b"gzip", media_types.OCI_LAYER_GZIP)
    zstd = store.blobs.put_bytes(b"zstd", media_types.OCI_LAYER_ZSTD)
    for blob in (gzip, zstd, gzip):
        store.layers.remember(Layer(DIFF_ID, blob))
    assert store.layers.find(DIFF_ID) == zstd
    assert store.layers.find(DIFF_ID, media_types.OCI_LAYER_GZIP) == gzip
    assert store.layers.find(DIFF_ID, media_types.OCI_LAYER) is None
    store.blobs.remove(zstd.digest)
    assert store.layers.find(DIFF_ID) == gzip


def test_damaged_memory_of_blobs_is_none(store: Store) -> None:
    blob = store.blobs.put_bytes(b"gzip", media_types.OCI_LAYER_GZIP)
    for data in (b"", b"[{}]", b"5", b"[" * 99_999):
        store.layers.remember(Layer(DIFF_ID, blob))
        path = Path(store.root, "layers", f"{DIFF_ID.hex}.json")
        os.chmod(path, 0o600)
        path.write_bytes(data)
        assert store.layers.find(DIFF_ID) is None
