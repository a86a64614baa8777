"""Reading a small file without the buffers and codecs of `open`: a run reads several, and counts microseconds."""

from __future__ import annotations

import os
import stat

_AT_ONCE = 1 << 16


def read_text(path: str, limit: int = _AT_ONCE) -> str:
    """The first `limit` bytes of a regular file; bytes that are not UTF-8 are surrogate escapes. OSError as `open`,
    and for what is no regular file: nothing is waited for, whatever stands at `path`."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileNotFoundError(f"not a regular file: {path}")
        parts = []
        while limit > 0 and (part := os.read(fd, min(limit, _AT_ONCE))):
            parts.append(part)
            limit -= len(part)
        return os.fsdecode(b"".join(parts))
    finally:
        os.close(fd)
