from __future__ import annotations

import io
import os

import pytest

from builder.errors import StoreError
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.store import Store

HELLO = b"hello, blob\n" * 1000
DIGEST = Digest.of(HELLO)


def write(store: Store, data: bytes, expected: Descriptor | Digest | None = None) -> tuple[Digest, int]:
    with store.blobs.writer() as writer:
        for start in range(0, len(data), 700):
            writer.write(data[start : start + 700])
        return writer.commit(expected)


def damage(store: Store, digest: Digest, data: bytes) -> None:
    os.chmod(store.blobs.path(digest), 0o644)
    with open(store.blobs.path(digest), "wb") as file:
        file.write(data)


def test_written_blob_is_read_back(store: Store) -> None:
    assert write(store, HELLO) == (DIGEST, len(HELLO))
    assert store.blobs.has(DIGEST, len(HELLO))
    assert not store.blobs.has(DIGEST, 5)
    assert store.blobs.read(DIGEST) == HELLO
    with io.BufferedReader(store.blobs.open(DIGEST)) as reader:
        assert reader.read(12) == HELLO[:12]
        assert reader.read() == HELLO[12:]


def test_put_bytes_describes_what_it_put(store: Store) -> None:
    descriptor = store.blobs.put_bytes(HELLO, "text/plain")
    assert descriptor == Descriptor("text/plain", DIGEST, len(HELLO))
    inode = os.stat(store.blobs.path(DIGEST)).st_ino
    assert store.blobs.put_bytes(HELLO, "text/plain") == descriptor
    assert os.stat(store.blobs.path(DIGEST)).st_ino == inode, "a blob that is there is not written again"


@pytest.mark.parametrize(
    "expected", [Digest.of(b"other"), Descriptor("x", DIGEST, 3), Descriptor("x", Digest.of(b"other"), len(HELLO))]
)
def test_unexpected_content_leaves_nothing(store: Store, expected: Descriptor | Digest) -> None:
    with pytest.raises(StoreError) as raised:
        write(store, HELLO, expected)
    assert raised.value.code == "digest-mismatch"
    assert store.blobs.all() == []


def test_expected_content_is_taken(store: Store) -> None:
    write(store, HELLO, Descriptor("x", DIGEST, len(HELLO)))
    assert store.blobs.all() == [DIGEST]


def test_sha512_blob_has_its_own_folder(store: Store) -> None:
    with store.blobs.writer("sha512") as writer:
        writer.write(HELLO)
        digest, _ = writer.commit()
    assert digest.algorithm == "sha512"
    assert store.blobs.read(digest) == HELLO
    assert store.blobs.all() == [digest]


def test_writer_without_commit_leaves_nothing(store: Store) -> None:
    with store.blobs.writer() as writer:
        writer.write(HELLO)
    assert store.blobs.all() == []
    store.close()
    assert os.listdir(f"{store.root}/tmp") == []


def test_raw_writer_and_adopt_check_the_size(store: Store) -> None:
    with store.blobs.raw_writer() as writer:
        writer.write(HELLO)
        assert writer.size == len(HELLO)
        writer.commit_as(DIGEST, len(HELLO))
    assert store.blobs.read(DIGEST) == HELLO
    fd, path = store.temporary.file()
    os.close(fd)
    with pytest.raises(StoreError, match="bytes expected"):
        store.blobs.adopt(path, Digest.of(b"x"), 1)


def test_blob_of_a_wrong_size_is_replaced(store: Store) -> None:
    write(store, HELLO)
    damage(store, DIGEST, b"short")
    write(store, HELLO)
    assert store.blobs.read(DIGEST) == HELLO


@pytest.mark.parametrize("data", [HELLO[:-1] + b"x", HELLO[:-1], HELLO + b"more", b""])
def test_damaged_blob_is_found_and_dropped(store: Store, data: bytes) -> None:
    write(store, HELLO)
    damage(store, DIGEST, data)
    with pytest.raises(StoreError) as raised:
        store.blobs.read(DIGEST)
    assert raised.value.code == "digest-mismatch"
    assert not store.blobs.has(DIGEST)


def test_size_is_checked_before_anything_is_read(store: Store) -> None:
    write(store, HELLO)
    with pytest.raises(StoreError, match="7 bytes expected"):
        store.blobs.open(DIGEST, 7)


def test_stopping_early_is_made_good_by_finish(store: Store) -> None:
    write(store, HELLO)
    damage(store, DIGEST, HELLO[:-1] + b"x")
    with store.blobs.open(DIGEST) as reader:
        assert reader.read(5) == HELLO[:5]
        with pytest.raises(StoreError):
            reader.finish()


def test_missing_and_oversized_blobs_are_told(store: Store) -> None:
    with pytest.raises(StoreError) as missing:
        store.blobs.read(DIGEST)
    assert missing.value.code == "blob-missing"
    write(store, HELLO)
    with pytest.raises(StoreError) as large:
        store.blobs.read(DIGEST, limit=100)
    assert large.value.code == "blob-too-large"
    assert store.blobs.read(DIGEST, limit=len(HELLO)) == HELLO


def test_remove_tells_what_it_freed(store: Store) -> None:
    write(store, HELLO)
    assert store.blobs.remove(DIGEST) == len(HELLO)
    assert store.blobs.remove(DIGEST) == 0
