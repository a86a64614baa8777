"""Which files differ between two layers, for whoever asks why a step that stands on one of them ran."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from builder.context.compare import describe_xattrs
from builder.errors import LayerError
from builder.layers.table import differing_entries
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.model.path_text import path_text
from builder.store.store import Store

_LARGEST = 32 << 20
"""Bytes of a table that is read while a build goes on: some 250,000 files, a fifth of a second."""
_SHOWN = 3
_KINDS = {
    Kind.FILE: "file", Kind.DIRECTORY: "folder", Kind.SYMLINK: "symlink", Kind.HARDLINK: "hard link",
    Kind.CHAR_DEVICE: "device", Kind.BLOCK_DEVICE: "device", Kind.FIFO: "fifo", Kind.WHITEOUT: "removed",
    Kind.OPAQUE: "emptied",
}  # fmt: skip
_Entries = Mapping[str, Entry]


def describe_layers(store: Store, old: Digest, new: Digest) -> str:
    """`/usr/lib/x (content), /etc/y (mode 0644 -> 0755) and 2 more`; empty where a table is gone or too large. A folder
    that one of them has alone stands for what is in it."""
    tables = _table(store, old), _table(store, new)
    if not all(tables):
        return ""
    try:
        before, after = ({entry.path: entry for entry in found} for found in differing_entries(*tables))
    except LayerError:
        return ""
    differences = {path: _difference(before.get(path), after.get(path)) for path in sorted({*before, *after})}
    found = {path: what for path, what in differences.items() if what not in ("", "time")}
    found = found or {path: what for path, what in differences.items() if what}
    tops = [path for path in found if not _is_within(path, found, before, after)]
    entries = {**before, **after}
    shown = ", ".join(f"/{_name(entries[path])} ({found[path]})" for path in tops[:_SHOWN])
    return shown + (f" and {len(tops) - _SHOWN} more" if len(tops) > _SHOWN else "")


def _is_within(path: str, found: Mapping[str, str], before: _Entries, after: _Entries) -> bool:
    """Whether it came or went with the folder that it is in."""
    folder = path.rpartition("/")[0]
    if folder not in found or found[folder] != found[path]:
        return False
    return (folder in before) != (folder in after) and (path in before) == (folder in before)


def _name(entry: Entry) -> str:
    return path_text(entry.path) + ("/" if entry.kind is Kind.DIRECTORY and entry.path else "")


def _table(store: Store, diff_id: Digest) -> bytes:
    """As it was written. Nothing where it is gone or too large."""
    with suppress(OSError), open(store.tables.path(diff_id), "rb") as file:
        data = file.read(_LARGEST + 1)
        return data if len(data) <= _LARGEST else b""
    return b""


def _difference(old: Entry | None, new: Entry | None) -> str:
    if old is None or new is None:
        removes = (new or old or _NOTHING).kind in (Kind.WHITEOUT, Kind.OPAQUE)
        return ("removed" if removes else "added") if old is None else ("no longer removed" if removes else "not made")
    if old == new:
        return ""
    if old.kind is not new.kind:
        return f"{_KINDS[old.kind]} -> {_KINDS[new.kind]}"
    return _of_one_kind(old, new)


def _of_one_kind(old: Entry, new: Entry) -> str:
    if old.link != new.link:
        return f"link {path_text(old.link)} -> {path_text(new.link)}"
    if (old.digest, old.size, old.device) != (new.digest, new.size, new.device):
        return "content"
    if old.mode != new.mode:
        return f"mode {old.mode:04o} -> {new.mode:04o}"
    if (old.uid, old.gid) != (new.uid, new.gid):
        return f"owner {old.uid}:{old.gid} -> {new.uid}:{new.gid}"
    return describe_xattrs(dict(old.xattrs), dict(new.xattrs)) or "time"


_NOTHING = Entry("", Kind.FILE)
