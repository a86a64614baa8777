"""One entry of a file tree, whether it stands in a build context, a layer or a stack of layers."""

from __future__ import annotations

from enum import StrEnum

from builder.lean import NamedTuple


class Kind(StrEnum):
    """The one-letter codes stand in tables of contents on disk and in cache keys: never change one."""

    FILE = "f"
    DIRECTORY = "d"
    SYMLINK = "l"
    HARDLINK = "h"
    CHAR_DEVICE = "c"
    BLOCK_DEVICE = "b"
    FIFO = "p"
    WHITEOUT = "w"
    """Removes the path of the same name in the layers below."""
    OPAQUE = "o"
    """Removes everything below the directory of the same name in the layers below."""


class Entry(NamedTuple):
    path: str
    """Relative, `/` between parts, no leading or trailing slash, no `.` or `..` part; the root itself is the empty
    string. Bytes that are not UTF-8 are surrogate escapes, as `os.fsdecode` makes them."""
    kind: Kind
    mode: int = 0
    """Permission bits with setuid, setgid and sticky (0o7777)."""
    uid: int = 0
    gid: int = 0
    size: int = 0
    """Bytes of content; 0 for all but files."""
    mtime: int = 0
    """Whole seconds since the epoch."""
    link: str = ""
    """SYMLINK: the target as it stands. HARDLINK: the path (as above) of an earlier entry of the same tree."""
    device: tuple[int, int] = (0, 0)
    """Major and minor number of a device."""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    """Sorted by name; of `security.*` only `security.capability`, nothing of `system.*` or `trusted.*`."""
    digest: str = ""
    """FILE: the SHA-256 of its content in hex; empty where it is not known yet."""
