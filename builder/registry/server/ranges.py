"""Ranges of bytes, of which HTTP and the distribution protocol have one kind each."""

from __future__ import annotations

import re
from typing import NamedTuple

from builder.registry.server.refusal import Refusal

_ASKED = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<suffix>[0-9]{1,18}))", re.IGNORECASE)
_CHUNK = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


class Range(NamedTuple):
    first: int
    last: int
    """Inclusive."""

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def asked_range(header: str | None, size: int) -> Range | None:
    """What a GET asks for of `size` bytes (RFC 9110, section 14); None: all of it. So are several ranges at once, and
    units that we do not know, as a server may. Raises Refusal 416 where there is nothing to send."""
    match = _ASKED.fullmatch((header or "").strip())
    if match is None:
        return None
    if match["suffix"]:
        wanted = Range(max(0, size - int(match["suffix"])), size - 1)
    else:
        wanted = Range(int(match["first"]), min(int(match["last"] or size), size - 1))
    if wanted.size <= 0:
        raise Refusal(
            416, "SIZE_INVALID", f"no such range of {size} bytes", headers={"Content-Range": f"bytes */{size}"}
        )
    return wanted


def chunk_range(header: str | None) -> Range | None:
    """The `Content-Range` of a chunk, `0-1023`. Raises Refusal 400 for another form."""
    if header is None:
        return None
    match = _CHUNK.fullmatch(header)
    chunk = Range(int(match[1]), int(match[2])) if match else None
    if chunk is None or chunk.size <= 0:
        raise Refusal(400, "BLOB_UPLOAD_INVALID", "Content-Range is FIRST-LAST, both inclusive")
    return chunk


def received_range(size: int) -> str:
    """The `Range` header for what an upload has. Of nothing it says `0-0` like docker's registry: there is no other
    way to say it."""
    return f"0-{max(0, size - 1)}"
