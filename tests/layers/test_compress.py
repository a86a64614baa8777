from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import shutil
import subprocess
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.compress import Compression, block_compressor, decompress
from builder.layers.streams import Readable
from builder.model import media_types

COMPRESSED = [Compression.GZIP, Compression.ZSTD]
BLOCK = Compression.GZIP.block_size


def read_all(stream: Readable) -> bytes:
    pieces = []
    while piece := stream.read(70_000):
        assert len(piece) <= 70_000
        pieces.append(piece)
    return b"".join(pieces)


def random_text(size: int, seed: int) -> bytes:
    source = random.Random(seed)
    words = [source.randbytes(source.randrange(1, 9)) for _ in range(200)]
    return b"".join(source.choices(words, k=size // 4))[:size]


# A change here means that the same layer gets another blob: it must be wanted, and said in the changelog.
GOLDEN = {
    ("text", Compression.GZIP): "ab7067e0d235a656",
    ("random", Compression.GZIP): "2a89aa8c9238bc57",
    ("zeros", Compression.GZIP): "9a6b1ac959848375",
    ("text", Compression.ZSTD): "8ebe515256be2432",
}
INPUTS = {"text": random_text(BLOCK, 1), "random": random.Random(2).randbytes(BLOCK), "zeros": bytes(BLOCK)}


@pytest.mark.parametrize(("name", "compression"), GOLDEN)
def test_bytes_are_the_same_everywhere(name: str, compression: Compression) -> None:
    compressed = block_compressor(compression)(INPUTS[name])
    assert hashlib.sha256(compressed).hexdigest()[:16] == GOLDEN[name, compression]
    assert read_all(decompress(io.BytesIO(bytes(compressed)))) == INPUTS[name]


@pytest.mark.parametrize("compression", COMPRESSED)
def test_random_blocks_do_not_grow_much(compression: Compression) -> None:
    assert len(block_compressor(compression)(INPUTS["random"])) < BLOCK + 100


@given(st.sampled_from(COMPRESSED), st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_blocks_one_after_another_are_one_stream(compression: Compression, blocks: list[bytes]) -> None:
    compress = block_compressor(compression)
    stream = b"".join(compress(block) for block in blocks)
    assert read_all(decompress(io.BytesIO(stream))) == b"".join(blocks)
    if compression is Compression.GZIP:
        assert gzip.decompress(stream) == b"".join(blocks)


@pytest.mark.parametrize(("program", "compression"), [("gzip", Compression.GZIP), ("zstd", Compression.ZSTD)])
def test_programs_read_it(program: str, compression: Compression) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    stream = b"".join(map(block_compressor(compression), INPUTS.values()))
    done = subprocess.run([program, "-dc"], input=stream, capture_output=True, check=True)
    assert done.stdout == b"".join(INPUTS.values())


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("name", FORMATS)
def test_reading_is_bounded_and_complete(name: str) -> None:
    content = INPUTS["text"] + bytes(3 << 20)
    compress = FORMATS[name]
    assert read_all(decompress(io.BytesIO(compress(content) + compress(b"tail")))) == content + b"tail"


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_padding_is_passed_over(name: str) -> None:
    assert read_all(decompress(io.BytesIO(FORMATS[name](b"x") + bytes(1000)))) == b"x"


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "followed by garbage"])
def test_damage_is_a_layer_error(name: str, damage: str) -> None:
    data = bytearray(FORMATS[name](INPUTS["text"]))
    if damage == "cut":
        del data[-5:]
    elif damage == "flipped":
        data[len(data) // 2] ^= 0xFF
    else:
        data += b"garbage"
    with pytest.raises(LayerError) as caught:
        read_all(decompress(io.BytesIO(bytes(data))))
    assert caught.value.code == "bad-compression"


def test_zstd_damage_is_a_layer_error() -> None:
    data = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(INPUTS["text"]))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(LayerError):
        read_all(decompress(io.BytesIO(bytes(data))))


def test_zstd_windows_are_bounded() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=30)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = stream.compress(b"x" * 1000) + stream.flush()
    with pytest.raises(LayerError):
        read_all(decompress(io.BytesIO(data)))


def test_plain_streams_pass_and_short_ones_too() -> None:
    for content in (b"", b"x", b"plain" * 100_000):
        assert read_all(decompress(io.BytesIO(content))) == content


def test_levels_and_media_types() -> None:
    for compression in Compression:
        assert compression.default_level in compression.levels
        assert Compression.of_media_type(compression.media_type) is compression
    assert Compression.of_media_type(media_types.DOCKER_LAYER_GZIP) is Compression.GZIP
    with pytest.raises(LayerError, match="no level 99"):
        block_compressor(Compression.GZIP, 99)
    with pytest.raises(LayerError, match="not a layer"):
        Compression.of_media_type(media_types.OCI_CONFIG)
