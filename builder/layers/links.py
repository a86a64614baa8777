"""Following symbolic links in a tree that is known by its entries, as the kernel would with that tree as the root."""

from __future__ import annotations

from collections.abc import Callable

from builder.errors import LayerError
from builder.model.entry import Entry, Kind

MAX_LINKS = 255
"""As BuildKit's: more symbolic links than this on the way to one path are a loop."""


def resolve(path: str, get: Callable[[str], Entry | None], follow_last: bool = True) -> str:
    """The clean path that `path` (absolute or not, with `.` and `..`) leads to; `get` gives the entry at a clean path.

    Symlinks are followed, the last part's only if `follow_last`; `..` stops at the root; parts that do not exist stay
    as they stand. Raises LayerError `symlink-loop`.
    """
    at: list[str] = []
    pending = path.split("/")[::-1]
    followed = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del at[-1:]
            continue
        at.append(part)
        entry = get("/".join(at))
        if entry is None or entry.kind is not Kind.SYMLINK or not (follow_last or pending):
            continue
        followed += 1
        if followed > MAX_LINKS:
            raise LayerError("symlink-loop", f"too many symbolic links on the way to {path!r}")
        at = [] if entry.link.startswith("/") else at[:-1]
        pending += entry.link.split("/")[::-1]
    return "/".join(at)
