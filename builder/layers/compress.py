"""Compression of layers, with bytes that depend on the input and the level alone; and the way back, by content.

2026-11-24, measured for promise 4 (compressed on the host with AVX-512, and under qemu as core2duo, Nehalem, Haswell
and max x86-64 and as two arm64 processors): isal, which DESIGN names, gives equal bytes at levels 0 to 2 on all
x86-64 with SSE 4.2, others without it and again others on arm64; at level 3 each kind of processor has its own
bytes. libdeflate, zlib-ng and zstd gave equal bytes everywhere. So gzip is written by libdeflate: level 1 makes 200
MB/s a core where isal makes 450 and zlib 80, with smaller output than isal (0.372 against 0.391, zlib level 6:
0.373). isal reads gzip, where no bytes are chosen.

A stream is cut at fixed sizes and each block becomes a gzip member (RFC 1952, section 2.2) or zstd frame (RFC 8878,
section 3) of its own. So threads change nothing, and Go's compress/gzip, GNU gzip, bsdtar and Python read it as one.
A block whose samples do not shrink is stored: half of what images hold is compressed already.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import BinaryIO, NamedTuple, Protocol, cast

from builder.errors import LayerError
from builder.layers.streams import Readable
from builder.model import media_types

_READ = 1 << 17
_XZ_MEMORY = 192 << 20
"""`xz -9` needs 65 MiB, `xz -9e` no more; a hostile header could ask for 4 GiB."""
_ZSTD_WINDOW = 1 << 27
"""What the zstd program accepts without being asked twice (128 MiB)."""


class Compression(StrEnum):
    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def media_type(self) -> str:
        """Of an OCI layer compressed so."""
        return _MEDIA_TYPES[self]

    @property
    def block_size(self) -> int:
        """Bytes of input that are compressed as one. Part of the format: another size gives other bytes."""
        return _BLOCK_SIZES[self]

    @property
    def levels(self) -> range:
        return _LEVELS[self]

    @property
    def default_level(self) -> int:
        return _DEFAULT_LEVELS[self]

    @classmethod
    def of_media_type(cls, media_type: str) -> Compression:
        """Raises LayerError `bad-media-type` for what is no layer's type."""
        if media_type in (media_types.OCI_LAYER_GZIP, media_types.DOCKER_LAYER_GZIP):
            return cls.GZIP
        if media_type in (media_types.OCI_LAYER, media_types.DOCKER_LAYER):
            return cls.NONE
        if media_type == media_types.OCI_LAYER_ZSTD:
            return cls.ZSTD
        raise LayerError("bad-media-type", f"not a layer that can be read: {media_type[:200]!r}")


_MEDIA_TYPES = {
    Compression.NONE: media_types.OCI_LAYER,
    Compression.GZIP: media_types.OCI_LAYER_GZIP,
    Compression.ZSTD: media_types.OCI_LAYER_ZSTD,
}
_BLOCK_SIZES = {Compression.NONE: 1 << 20, Compression.GZIP: 1 << 18, Compression.ZSTD: 1 << 22}
_LEVELS = {Compression.NONE: range(1), Compression.GZIP: range(13), Compression.ZSTD: range(1, 23)}
_DEFAULT_LEVELS = {Compression.NONE: 0, Compression.GZIP: 1, Compression.ZSTD: 3}

CompressBlock = Callable[[bytes | bytearray], bytes | bytearray]


def block_compressor(compression: Compression, level: int | None = None) -> CompressBlock:
    """Compresses blocks of `compression.block_size` bytes (the last may be shorter); safe in several threads at once.

    Raises LayerError `bad-level` for a level outside of `compression.levels`.
    """
    if level is None:
        level = compression.default_level
    if level not in compression.levels:
        last = compression.levels[-1]
        raise LayerError("bad-level", f"{compression} has no level {level}", hint=f"levels go up to {last}")
    match compression:
        case Compression.NONE:
            return _as_it_is
        case Compression.GZIP:
            return _gzip_compressor(level)
        case Compression.ZSTD:
            return _zstd_compressor(level)


def _as_it_is(block: bytes | bytearray) -> bytes | bytearray:
    return block


def _gzip_compressor(level: int) -> CompressBlock:
    from deflate import gzip_compress

    zeros = bytes(Compression.GZIP.block_size)

    @lru_cache(maxsize=1)
    def hole() -> bytes | bytearray:
        return gzip_compress(zeros, level)

    def compress(block: bytes | bytearray) -> bytes | bytearray:
        if block == zeros:
            return hole()  # sparse files are read as zeros, at a fifth of the speed of noticing it
        stored = len(block) == len(zeros) and _incompressible(block, gzip_compress)
        return gzip_compress(block, 0 if stored else level)

    return compress


_SAMPLES = 8
_SAMPLE_SIZE = 1024


def _incompressible(block: bytes | bytearray, compress: Callable[[bytes, int], bytes | bytearray]) -> bool:
    """Whether eight samples, spread over `block`, do not even shrink by a fiftieth."""
    step = len(block) // _SAMPLES
    sample = b"".join(block[at : at + _SAMPLE_SIZE] for at in range(0, len(block), step))
    return len(compress(sample, 1)) > len(sample) * 49 // 50


def _zstd_compressor(level: int) -> CompressBlock:
    from zstandard import ZstdCompressor

    def compress(block: bytes | bytearray) -> bytes:
        return bytes(ZstdCompressor(level=level, write_checksum=True).compress(block))

    return compress


class _Decompressor(Protocol):
    """What bz2, lzma and isal have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Format(NamedTuple):
    name: str
    start: Callable[[], _Decompressor]
    errors: tuple[type[Exception], ...]
    """What its library raises for damage."""


MAGIC_SIZE = 6


def sniff(head: bytes) -> str:
    """`gzip`, `zstd`, `bzip2`, `xz`, or nothing, for a stream that begins with `head` (at least MAGIC_SIZE bytes)."""
    return next((name for magic, name in _MAGICS if head.startswith(magic)), "")


_MAGICS = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    *((bytes([low]) + b"\x2a\x4d\x18", "zstd") for low in range(0x50, 0x60)),  # skippable frames
)


def decompress(fileobj: Readable) -> Readable:
    """The content of a gzip, zstd, bzip2 or xz stream, and any other stream as it is; told apart by its first bytes.

    Memory is bounded whatever the stream says. Reading raises LayerError `bad-compression` for damage, and where a
    stream ends too early; only zstd's library cannot tell that end from the right one, but the tar inside can.
    """
    source = _Source(fileobj)
    name = sniff(source.peek(MAGIC_SIZE))
    match name:
        case "":
            return source
        case "zstd":
            return _Zstd(source)
    return _Streams(source, _format(name))


def _format(name: str) -> _Format:
    match name:
        case "gzip":
            from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor, IsalError

            error = cast("type[Exception]", IsalError)  # its stub declares an instance
            return _Format(name, lambda: IgzipDecompressor(flag=DECOMP_GZIP), (error, EOFError))
        case "bzip2":
            from bz2 import BZ2Decompressor

            return _Format(name, BZ2Decompressor, (OSError, EOFError, ValueError))
        case _:
            from lzma import FORMAT_XZ, LZMADecompressor, LZMAError

            return _Format(
                name, lambda: LZMADecompressor(FORMAT_XZ, memlimit=_XZ_MEMORY), (LZMAError, EOFError, MemoryError)
            )


class _Source:
    """A stream of which the beginning has been looked at."""

    def __init__(self, fileobj: Readable) -> None:
        self._fileobj = fileobj
        self._held = b""

    def peek(self, size: int) -> bytes:
        while len(self._held) < size:
            more = self._fileobj.read(size - len(self._held))
            if not more:
                break
            self._held += more
        return self._held

    def read(self, size: int, /) -> bytes:
        if self._held:
            data, self._held = self._held[:size], self._held[size:]
            return data
        return self._fileobj.read(size)


class _Streams:
    """Streams of one format after another, as `gzip a b > c` makes them; zeros at the end are padding."""

    def __init__(self, source: Readable, form: _Format) -> None:
        self._source = source
        self._form = form
        self._current = form.start()
        self._input = b""
        self._ended = False

    def read(self, size: int, /) -> bytes:
        while not self._ended:
            if self._current.eof:
                self._next()
                continue
            if self._current.needs_input and not self._input:
                self._input = self._source.read(_READ)
                if not self._input:
                    raise _damaged(self._form.name, "it ends too early")
            data, self._input = self._input, b""
            try:
                content = self._current.decompress(data, size)
            except self._form.errors as error:
                raise _damaged(self._form.name, str(error)) from error
            if content:
                return content
        return b""

    def _next(self) -> None:
        rest = self._current.unused_data.lstrip(b"\0")
        while not rest:
            more = self._source.read(_READ)
            if not more:
                self._ended = True
                return
            rest = more.lstrip(b"\0")
        self._input = rest
        self._current = self._form.start()


class _Zstd:
    def __init__(self, source: Readable) -> None:
        from zstandard import ZstdDecompressor, ZstdError

        self._error = ZstdError
        whole = cast("BinaryIO", source)  # only its read() is called
        self._stream = ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(
            whole, _READ, read_across_frames=True
        )

    def read(self, size: int, /) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except self._error as error:
            raise _damaged("zstd", str(error)) from error


def _damaged(name: str, why: str) -> LayerError:
    return LayerError("bad-compression", f"a {name} stream is damaged: {why}")
