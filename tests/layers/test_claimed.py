"""Tables that travel: what an archive can hold comes through as it was, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.claimed import pack_table, unpack_claimed
from builder.layers.table import table_text
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind

SHA = "ab" * 32
SOUND = [
    Entry("", Kind.OPAQUE),
    Entry("a", Kind.DIRECTORY, 0o755, 5, 6, mtime=-1),
    Entry("a", Kind.OPAQUE),
    Entry("a/\udcff", Kind.FILE, 0o644, size=3, digest=SHA, xattrs=(("user.x", b"\0"),)),
    Entry("b", Kind.SYMLINK, 0o777, link="../../etc"),
    Entry("c/d/e", Kind.FILE, 0o644, digest=SHA),
    Entry("c/d/f", Kind.HARDLINK, 0o644, link="c/d/e"),
    Entry("dev", Kind.CHAR_DEVICE, 0o600, device=(1, 3)),
    Entry("gone", Kind.WHITEOUT),
]


def read(text: bytes) -> list[Entry]:
    return unpack_claimed(pack_table(text), Digest.of(text))


def test_what_an_archive_can_hold_comes_through() -> None:
    assert read(table_text(SOUND)) == SOUND
    assert read(table_text([])) == []


@pytest.mark.parametrize(
    "wrong",
    [
        *([Entry(path, Kind.FILE, digest=SHA)] for path in ("", "/a", "a/", "a//b", "../a", "a/..", "./a", ".wh.a")),
        [Entry("a\0", Kind.FILE, digest=SHA)],
        [Entry("a", Kind.FILE, digest="..")],
        [Entry("a", Kind.FILE, 0o10000, digest=SHA)],
        [Entry("a", Kind.FILE, uid=-1, digest=SHA)],
        [Entry("a", Kind.FILE, size=True, digest=SHA)],
        [Entry("a", Kind.DIRECTORY, size=1)],
        [Entry("a", Kind.HARDLINK, link="b"), Entry("b", Kind.FILE, digest=SHA)],
        [Entry("a", Kind.WHITEOUT), Entry("b", Kind.HARDLINK, link="a")],
        [Entry("a", Kind.FILE, digest=SHA), Entry("a/b", Kind.FILE, digest=SHA)],
        [Entry("a", Kind.WHITEOUT), Entry("a/b/c", Kind.DIRECTORY)],
        [Entry("a", Kind.FILE, digest=SHA), Entry("a", Kind.OPAQUE)],
        [Entry("b", Kind.DIRECTORY), Entry("a", Kind.DIRECTORY)],
        [Entry("a", Kind.DIRECTORY), Entry("a", Kind.DIRECTORY)],
    ],
)
def test_what_no_archive_holds_is_refused(wrong: list[Entry]) -> None:
    with pytest.raises(LayerError):
        read(table_text(wrong))


ROW = st.lists(st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.text()), max_size=12)


@given(st.lists(ROW, max_size=3))
def test_any_rows_are_read_or_refused(rows: list[object]) -> None:
    text = b"\n".join(json.dumps(row).encode() for row in [{"table": 1, "entries": len(rows)}, *rows, ""][:-1]) + b"\n"
    try:
        entries = read(text)
    except LayerError:
        return
    assert table_text(entries) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(LayerError):
        unpack_claimed(data, Digest.of(b""))
    with pytest.raises(LayerError):
        read(data)
