"""Tables of contents at the end of blobs: no reader of archives sees them, and what is no tail is refused."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.compress import Compression, block_compressor, decompress
from builder.layers.tail import unwrap, wrap
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import CONTENTS, Tail

PACKED = [Compression.GZIP, Compression.ZSTD]
TABLE = Digest.of(b"table")
LARGE = bytes(range(256)) * 1024
"""More than one member takes."""


@pytest.mark.parametrize("compression", PACKED)
@given(packed=st.binary(min_size=1))
@example(packed=LARGE)
def test_what_is_wrapped_comes_out(compression: Compression, packed: bytes) -> None:
    assert unwrap(wrap(packed, compression)) == packed


def test_an_archive_that_is_not_compressed_has_none() -> None:
    assert wrap(b"packed", Compression.NONE) == wrap(b"", Compression.GZIP) == b""


DAMAGE: dict[str, Callable[[bytes, int], bytes]] = {
    "cut": lambda tail, at: tail[:at],
    "a byte less": lambda tail, at: tail[:at] + tail[at + 1 :],
    "a byte more": lambda tail, at: tail[:at] + b"x" + tail[at:],
}


@pytest.mark.parametrize("compression", PACKED)
@given(kind=st.sampled_from(list(DAMAGE)), at=st.one_of(st.integers(0, 20), st.integers(-20, -1), st.just(0x10003)))
def test_what_is_no_tail_is_refused(compression: Compression, kind: str, at: int) -> None:
    tail = wrap(LARGE, compression)
    with pytest.raises(LayerError, match="table of contents"):
        unwrap(DAMAGE[kind](tail, at % len(tail)))


def archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("file")
        info.size = 300_000
        tar.addfile(info, io.BytesIO(bytes(300_000)))
    return out.getvalue()


@pytest.mark.parametrize("compression", PACKED)
def test_no_reader_sees_it(compression: Compression, tmp_path: Path) -> None:
    """Neither ours nor those of others; LARGE is no table, and nobody may try to read it."""
    content = archive()
    blob = bytes(block_compressor(compression)(content)) + wrap(LARGE, compression)
    reader, read = decompress(io.BytesIO(blob)), b""
    while piece := reader.read(1 << 16):
        read += piece
    assert read == content
    (tmp_path / "blob").write_bytes(blob)
    program = {"gzip": "gzip", "zstd": "zstd"}[compression]
    assert subprocess.run([program, "-dc"], input=blob, capture_output=True, check=True).stdout == content
    for tool in ("tar", "bsdtar"):
        listed = subprocess.run([tool, "-tvf", tmp_path / "blob"], capture_output=True, text=True, check=True)
        assert listed.stdout.split()[-1] == "file"
        assert listed.stderr == ""
    if compression is Compression.GZIP:
        assert gzip.decompress(blob) == content


@given(start=st.integers(0, 2**63 - 1))
def test_a_descriptor_says_where_it_is(start: int) -> None:
    tail = Tail(start, TABLE)
    assert Tail.of(Descriptor("", TABLE, start + 1, annotations=(tail.annotation,))) == tail
    assert Tail.of(Descriptor("", TABLE, start, annotations=(tail.annotation,))) is None, "it begins in the blob"


@given(st.text(alphabet="0123456789 -+sha256:²abcdef"))
@example("")
@example(f"-1 {TABLE}")
@example(f"² {TABLE}")
@example(f"1{'0' * 5000} {TABLE}")
@example(f"10 {TABLE} ")
@example("10 sha256:00")
def test_what_a_descriptor_cannot_mean_is_nothing(text: str) -> None:
    assert Tail.of(Descriptor("", TABLE, 1 << 40, annotations=((CONTENTS, text),))) is None
