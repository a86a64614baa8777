"""A layer's table of contents on disk: one JSON line per entry, below a line that names format and length."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from builder.errors import LayerError
from builder.model.entry import Entry, Kind

_VERSION = 1
"""Raise it also when the same archive gives other entries than before: tables of several machines are compared. Blobs
carry tables, so raise `KEY_FORMAT` (`solve/types.py`) with it."""
_KINDS = {str(kind): kind for kind in Kind}
_DEVICE = Entry._fields.index("device")
_XATTRS = Entry._fields.index("xattrs")
"""These two are 0 where they are empty: nested lists would make up half of the reading time."""

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def write_table(entries: Sequence[Entry], fileobj: BinaryIO) -> None:
    """Writes `entries` so that `read_table` gives them back equal, in the same order."""
    fileobj.write(table_text(entries))


def table_text(entries: Sequence[Entry]) -> bytes:
    """What `write_table` writes."""
    lines = [_encode({"table": _VERSION, "entries": len(entries)})]
    for entry in entries:
        row: list[object] = list(entry)
        row[_DEVICE] = list(entry.device) if entry.device != (0, 0) else 0
        row[_XATTRS] = [(name, base64.b64encode(value).decode()) for name, value in entry.xattrs] or 0
        lines.append(_encode(row))
    lines.append("")
    return "\n".join(lines).encode("ascii")


def read_table(fileobj: BinaryIO) -> list[Entry]:
    """The entries that `write_table` wrote; raises LayerError `bad-table` for anything else, cut tables included."""
    new = tuple.__new__  # half the time of Entry(...), and almost every row comes here
    head, _, body = fileobj.read().partition(b"\n")
    try:
        count = read_size(head)
        rows = json.loads(b"[" + body.rstrip(b"\n").replace(b"\n", b",") + b"]")  # one call: four times as fast
        entries = [
            new(Entry, (path, _KINDS[kind], mode, uid, gid, size, mtime, link, (0, 0), (), digest))
            if not device and not xattrs
            else read_row([path, kind, mode, uid, gid, size, mtime, link, device, xattrs, digest])
            for path, kind, mode, uid, gid, size, mtime, link, device, xattrs, digest in rows
        ]
        if len(entries) != count:
            raise LayerError("bad-table", f"a layer's table has {len(entries)} of {count} entries")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LayerError("bad-table", f"a layer's table of contents is damaged: {error}") from error
    return entries


def read_size(head: bytes) -> int:
    """How many entries the table has that begins with this line. Raises LayerError `bad-table` for another format,
    ValueError, TypeError or KeyError for what is no such line."""
    header = json.loads(head)
    if header["table"] != _VERSION:
        raise LayerError("bad-table", f"a layer's table has format {header['table']}, this is {_VERSION}")
    return int(header["entries"])


def read_row(row: list[Any]) -> Entry:
    """One entry. Raises ValueError, TypeError or KeyError for what is no row of a table; types are not checked."""
    path, kind, mode, uid, gid, size, mtime, link, device, xattrs, digest = row
    return Entry(path, _KINDS[kind], mode, uid, gid, size, mtime, link, _device(device), _xattrs(xattrs), digest)


def differing_entries(old: bytes, new: bytes) -> tuple[list[Entry], list[Entry]]:
    """Of two tables as written, the entries that only one of them has. Entries that are alike are never looked into,
    which takes a tenth of the time. Raises LayerError as `read_table`."""
    before, after = (set(table.rstrip(b"\n").split(b"\n")[1:]) for table in (old, new))
    return _entries(before - after), _entries(after - before)


def _entries(lines: Collection[bytes]) -> list[Entry]:
    head = _encode({"table": _VERSION, "entries": len(lines)}).encode()
    return read_table(BytesIO(b"\n".join([head, *lines, b""])))


def _device(value: list[int] | int) -> tuple[int, int]:
    if isinstance(value, int):
        return 0, 0
    major, minor = value
    return major, minor


def _xattrs(value: list[list[str]] | int) -> tuple[tuple[str, bytes], ...]:
    if isinstance(value, int):
        return ()
    return tuple((name, base64.b64decode(text, validate=True)) for name, text in value)
