"""Maps of sparse files in tar archives: where the stored bytes go; all else is zeros.

GNU tar manual, appendix D; Go's archive/tar reads the same four formats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.errors import LayerError

_LARGEST = 1 << 40
"""Holes cost an attacker nothing, but must be hashed: more than 1 TiB is refused."""
_MOST_EXTENTS = 1 << 20


class Extent(NamedTuple):
    offset: int
    length: int


def old_map(header: bytes, next_block: Callable[[], bytes]) -> tuple[Extent, ...]:
    """GNU's own format (type S): four extents in the header, 21 in each block that follows if one does."""
    found = _octal_pairs(header[386:482])
    more = header[482]
    while more:
        block = next_block()
        found += _octal_pairs(block[:504])
        more = block[504]
        _limit(len(found))
    return tuple(found)


def pax_map(pairs: list[tuple[bytes, bytes]]) -> tuple[Extent, ...]:
    """Formats 0.0 (records offset and numbytes, in turn) and 0.1 (one record with all numbers)."""
    numbers: list[int] = []
    for key, value in pairs:
        if key == b"GNU.sparse.map":
            numbers = [_decimal(text) for text in value.split(b",") if value]
        elif key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            numbers.append(_decimal(value))
    return _paired(numbers)


def leading_map(next_block: Callable[[], bytes]) -> tuple[Extent, ...]:
    """Format 1.0: decimal lines before the content, padded to whole blocks."""
    text = b""
    wanted = 1
    lines: list[bytes] = []
    while len(lines) < wanted:
        text += next_block()
        *more, text = text.split(b"\n")
        lines += more
        if lines:
            wanted = 1 + 2 * _limit(_decimal(lines[0]))
    return _paired([_decimal(line) for line in lines[1:wanted]])


def check(extents: tuple[Extent, ...], size: int, stored: int) -> None:
    """Extents rise, stay inside of the file, and hold as many bytes as the archive does."""
    at = 0
    for extent in extents:
        if extent.offset < at:
            raise _bad("its parts overlap")
        at = extent.offset + extent.length
    if at > size:
        raise _bad("it is longer than it says")
    if size > _LARGEST:
        raise _bad(f"{size} bytes are claimed")
    if sum(extent.length for extent in extents) != stored:
        raise _bad("its parts are not what is stored")


def _octal_pairs(area: bytes) -> list[Extent]:
    found = []
    for at in range(0, len(area), 24):
        offset, length = area[at : at + 12], area[at + 12 : at + 24]
        if not offset[0]:
            break
        found.append(Extent(_number(offset), _number(length)))
    return found


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    if not text.isdigit() or set(text) & set(b"89"):
        raise _bad("a number cannot be read")
    return int(text, 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise _bad("a number cannot be read")
    return int(text)


def _paired(numbers: list[int]) -> tuple[Extent, ...]:
    if len(numbers) % 2:
        raise _bad("an offset without a length")
    return tuple(Extent(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True))


def _limit(count: int) -> int:
    if count > _MOST_EXTENTS:
        raise _bad(f"{count} parts are claimed")
    return count


def _bad(what: str) -> LayerError:
    return LayerError("bad-archive", f"a sparse file in an archive is damaged: {what}")
