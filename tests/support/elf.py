"""A program for another processor, put together by hand, so that no foreign compiler is needed."""

from __future__ import annotations

import struct

AARCH64_RULE = (
    r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
)
"""Magic and mask of arm64's ELF files, as binfmt_misc takes them."""
_BASE = 0x400000
_HEADERS = 64 + 56


def aarch64_program(text: bytes) -> bytes:
    """A static ELF file that writes `text` to standard output and ends well."""
    code = b"".join(
        struct.pack("<I", word)
        for word in (
            0xD2800020,  # mov x0, #1
            0x100000E1,  # adr x1, text: 28 bytes ahead
            0xD2800002 | len(text) << 5,  # mov x2, #length
            0xD2800808,  # mov x8, #64: write
            0xD4000001,  # svc #0
            0xD2800000,  # mov x0, #0
            0xD2800BA8,  # mov x8, #93: exit
            0xD4000001,  # svc #0
        )
    )
    body = code + text
    size = _HEADERS + len(body)
    head = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000) + body
