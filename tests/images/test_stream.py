"""Bytes on their way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import StoreError
from builder.images.stream import LARGE, ahead, verified, verified_ahead
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest


def described(data: bytes) -> Descriptor:
    return Descriptor("x", Digest.of(data), len(data))


@given(st.lists(st.binary(max_size=20), max_size=40))
def test_the_same_bytes_come_in_the_same_order(chunks: list[bytes]) -> None:
    assert list(ahead(chunks)) == chunks
    data = b"".join(chunks)
    assert b"".join(verified(chunks, described(data))) == data


@pytest.mark.parametrize("wrong", [b"other", b"", b"right and more"])
def test_what_is_something_else_is_said_at_the_end(wrong: bytes) -> None:
    with pytest.raises(StoreError) as caught:
        list(verified([wrong], described(b"right")))
    assert caught.value.code == "digest-mismatch"


def test_a_large_blob_goes_by_a_thread_and_is_verified() -> None:
    chunks = [bytes([number]) * 1_000_000 for number in range(LARGE // 1_000_000 + 2)]
    data = b"".join(chunks)
    assert b"".join(verified_ahead(iter(chunks), described(data))) == data
    with pytest.raises(StoreError):
        list(verified_ahead(iter([*chunks[:-1], chunks[0]]), described(data)))


def test_an_error_comes_out_where_it_would_have() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise StoreError("x", "y")

    taken = ahead(failing())
    assert next(taken) == b"a"
    with pytest.raises(StoreError):
        next(taken)


def test_who_stops_early_leaves_no_thread() -> None:
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    taken = ahead(endless())
    assert next(taken) == b"x"
    taken.close()  # type: ignore[attr-defined]
    assert ended.wait(60)
