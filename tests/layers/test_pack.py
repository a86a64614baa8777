from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from builder.errors import LayerError
from builder.layers.header import END_OF_ARCHIVE, header, padding
from builder.layers.pack import Item, pack
from builder.model.entry import Entry, Kind
from tests.layers.trees import Content, items, layers, opener

GIGANTIC = 8**11


def packed(items: list[Item], epoch: int | None = None) -> tuple[bytes, list[Entry]]:
    out = io.BytesIO()
    table = pack(items, out, epoch)
    return out.getvalue(), table


@settings(deadline=None)
@given(layers())
def test_python_tarfile_reads_the_same(layer: tuple[list[Entry], Content]) -> None:
    entries, content = layer
    data, table = packed(items([entry._replace(digest="") for entry in entries], content))
    assert table == entries
    assert len(data) % 512 == 0
    members = tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape")  # noqa: SIM115 - in memory
    for entry, member in zip(entries, members, strict=True):
        if entry.kind in (Kind.WHITEOUT, Kind.OPAQUE):
            assert ".wh." in member.name
            assert member.size == member.mode == member.mtime == 0
            continue
        assert member.name == entry.path
        assert (member.mode, member.uid, member.gid, member.mtime) == (entry.mode, entry.uid, entry.gid, entry.mtime)
        assert member.linkname == entry.link
        assert member.uname == member.gname == ""
        if entry.kind is Kind.FILE:
            extracted = members.extractfile(member)
            assert extracted is not None
            assert extracted.read() == content[entry.path]


ODD = [
    Entry("b" * 100, Kind.FILE, 0o644),
    Entry("c" * 101, Kind.FILE, 0o644),
    Entry("d" * 99 + "/" + "e" * 100, Kind.FILE, 0o644),
    Entry("d" * 156 + "/" + "e", Kind.FILE, 0o644),
    Entry("ids", Kind.FILE, 0o644, uid=8**7, gid=2**32 - 2),
    Entry("l", Kind.SYMLINK, 0o777, link="t" * 101),
    Entry("old", Kind.FILE, 0o644, mtime=-(2**31)),
    Entry(os.fsdecode(b"raw\xff"), Kind.FILE, 0o644),
    Entry(os.fsdecode(b"raw\xff" + b"z" * 200), Kind.FILE, 0o600),
    Entry(os.fsdecode(b"raw\xfe/" + b"z" * 100), Kind.FILE, 0o600),
    Entry("ü" * 80, Kind.FILE, 0o644),
]


def odd_archive() -> bytes:
    entries = sorted(ODD, key=lambda entry: os.fsencode(entry.path))
    return packed([(entry, None) for entry in entries])[0]


def test_gnu_tar_extracts_odd_entries(tmp_path: Path) -> None:
    subprocess.run(
        ["tar", "-x", "--numeric-owner", "--no-same-owner", "-C", str(tmp_path)], input=odd_archive(), check=True
    )
    for entry in ODD:
        info = os.lstat(os.path.join(os.fsencode(tmp_path), os.fsencode(entry.path)))
        if entry.kind is Kind.FILE:
            assert (info.st_mode & 0o7777, int(info.st_mtime)) == (entry.mode, entry.mtime)
    listed = subprocess.run(["tar", "-tv", "--numeric-owner"], input=odd_archive(), check=True, capture_output=True)
    assert b"2097152/4294967294" in listed.stdout


def test_sizes_beyond_ustar_are_in_a_record() -> None:
    entry = Entry("big", Kind.FILE, 0o644, size=GIGANTIC + 5)
    assert tarfile.TarInfo.frombuf(header(entry)[-512:], "utf-8", "strict").size == 0
    with tarfile.open(fileobj=io.BytesIO(header(entry) + END_OF_ARCHIVE), mode="r|") as opened:
        member = opened.next()
        assert member is not None
        assert member.size == GIGANTIC + 5


def test_times_are_clamped_to_the_epoch() -> None:
    given = [Entry("a", Kind.FILE, 0o644, mtime=50), Entry("b", Kind.FILE, 0o644, mtime=5000)]
    data, table = packed([(entry, None) for entry in given], epoch=100)
    assert [entry.mtime for entry in table] == [50, 100]
    assert [m.mtime for m in tarfile.open(fileobj=io.BytesIO(data))] == [50, 100]  # noqa: SIM115


def test_known_digests_are_kept_and_content_still_copied() -> None:
    known = Entry("a", Kind.FILE, 0o644, size=3, digest="cd" * 32)
    data, table = packed([(known, opener(b"abc"))])
    assert table == [known]
    assert data[512:515] == b"abc"


@pytest.mark.parametrize("size", [0, 10, 1 << 20, 3 << 20])
@pytest.mark.parametrize("difference", [-1, 1, 1 << 20])
def test_a_file_that_changed_is_an_error(size: int, difference: int) -> None:
    if size + difference < 0:
        return
    with pytest.raises(LayerError) as caught:
        packed([(Entry("a", Kind.FILE, size=size), opener(b"x" * (size + difference)))])
    assert caught.value.code == "file-changed"
    assert "while it was read" in caught.value.message


def test_large_files_are_hashed_and_padded() -> None:
    content = os.urandom((2 << 20) + 77)
    data, table = packed([(Entry("a", Kind.FILE, size=len(content)), opener(content))])
    assert table[0].digest == hashlib.sha256(content).hexdigest()
    assert data == header(table[0]) + content + padding(len(content)) + END_OF_ARCHIVE


UNSORTED = [
    [Entry("b", Kind.FILE), Entry("a", Kind.FILE)],
    [Entry("a", Kind.FILE), Entry("a", Kind.FILE)],
    [Entry("a", Kind.OPAQUE), Entry("a", Kind.DIRECTORY)],
    [Entry("a/b", Kind.FILE), Entry("a.txt", Kind.FILE)],
    [Entry("a", Kind.HARDLINK, link="b"), Entry("b", Kind.FILE)],
    [Entry("a", Kind.DIRECTORY), Entry("b", Kind.HARDLINK, link="a")],
]


@pytest.mark.parametrize("entries", UNSORTED)
def test_unsorted_items_are_refused(entries: list[Entry]) -> None:
    with pytest.raises(LayerError) as caught:
        packed([(entry, None) for entry in entries])
    assert caught.value.code == "unsorted"


REFUSED = [
    Entry("d/.wh.x", Kind.FILE),
    Entry("d/x", Kind.CHAR_DEVICE),
    Entry("a", Kind.FILE, xattrs=(("user.a=b", b""),)),
]


@pytest.mark.parametrize("entry", REFUSED)
def test_what_an_archive_cannot_say_is_refused(entry: Entry) -> None:
    with pytest.raises(LayerError) as caught:
        header(entry)
    assert caught.value.code == "bad-name"
