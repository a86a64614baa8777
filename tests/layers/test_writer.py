from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import threading

import pytest

from builder.layers.compress import Compression
from builder.layers.writer import LayerWriter, WrittenLayer

CONTENT = random.Random(3).randbytes(300_000) + b"text " * 300_000 + bytes(700_000)


def layer_threads() -> list[str]:
    """Those that a writer started: a server of another test may still be ending one of its own."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("layer")]


def written(compression: Compression, content: bytes, step: int) -> tuple[bytes, WrittenLayer]:
    blob = io.BytesIO()
    with LayerWriter(blob, compression) as writer:
        for at in range(0, len(content), step):
            writer.write(content[at : at + step])
        layer = writer.close()
    assert not layer_threads()
    return blob.getvalue(), layer


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) + 1, 1 << 20, len(CONTENT)])
def test_digests_and_sizes_are_right(compression: Compression, size: int) -> None:
    content = CONTENT[:size]
    blob, layer = written(compression, content, 100_000)
    assert layer.diff_id == "sha256:" + hashlib.sha256(content).hexdigest()
    assert layer.digest == "sha256:" + hashlib.sha256(blob).hexdigest()
    assert (layer.size, layer.uncompressed_size) == (len(blob), len(content))
    if compression is Compression.GZIP:
        assert gzip.decompress(blob) == content


@pytest.mark.parametrize("compression", Compression)
def test_neither_pieces_nor_processors_change_a_byte(compression: Compression) -> None:
    processors = os.sched_getaffinity(0)
    wanted = written(compression, CONTENT, len(CONTENT))
    assert written(compression, CONTENT, 4_321) == wanted
    try:
        os.sched_setaffinity(0, {min(processors)})
        assert written(compression, CONTENT, 1 << 20) == wanted
    finally:
        os.sched_setaffinity(0, processors)


def test_small_layers_start_no_thread() -> None:
    writer = LayerWriter(io.BytesIO(), Compression.GZIP)
    writer.write(b"x" * (64 << 10))
    assert not layer_threads()
    writer.close()


class FullDisk:
    def __init__(self, room: int) -> None:
        self._room = room

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(28, "No space left on device")
        return len(data)


@pytest.mark.parametrize("room", [0, 400_000])
def test_a_full_disk_reaches_the_writer(room: int) -> None:
    def fill() -> None:
        with LayerWriter(FullDisk(room), Compression.NONE) as writer:
            for _ in range(100):
                writer.write(CONTENT)
            writer.close()

    with pytest.raises(OSError, match="No space"):
        fill()
    assert not layer_threads()


def test_leaving_early_leaves_no_thread() -> None:
    def failing() -> None:
        with LayerWriter(io.BytesIO(), Compression.GZIP) as writer:
            writer.write(CONTENT)
            raise KeyError("something else went wrong")

    with pytest.raises(KeyError):
        failing()
    assert not layer_threads()


def test_abort_after_close_and_twice_is_harmless() -> None:
    writer = LayerWriter(io.BytesIO(), Compression.ZSTD)
    writer.write(CONTENT)
    writer.close()
    writer.abort()
    writer.abort()
