from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.folder import FolderContext
from builder.context.statindex import Row, StatIndex, is_settled
from builder.model.entry import Entry, Kind

ROW: Row = (5, 1_700_000_000_123_456_789, -1, 2**63, 0o100644, b"\x01" * 32)
names = st.text(min_size=1).map(lambda text: os.fsdecode(text.encode("utf-8", "surrogatepass"))).filter(
    lambda name: "\0" not in name and "/" not in name
)  # fmt: skip


def test_what_is_kept_is_there_after_saving(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "index")
    index = StatIndex.load(path)
    index.keep("a/b", "name\udcff", ROW, (("user.x", b"\0y"),))
    index.keep("", "plain", ROW, ())
    index.remember("key", "text\udc80")
    index.save()
    again = StatIndex.load(path)
    assert again.known("a/b") == ({"name\udcff": ROW}, {"name\udcff": (("user.x", b"\0y"),)})
    assert again.known("") == ({"plain": ROW}, {})
    assert again.recall("key") == "text\udc80"
    assert again.known("other") == ({}, {})


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32), min_size=1))
def test_any_name_survives(files: dict[str, bytes]) -> None:
    index = StatIndex("unused")
    for name, digest in files.items():
        index.keep("d", name, (*ROW[:5], digest), ())
    again = StatIndex("unused")
    again._unpack(_saved_bytes(index))
    assert {name: row[5] for name, row in again.known("d").rows.items()} == files


def _saved_bytes(index: StatIndex) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        index._path = f"{folder}/index"
        index.save()
        return Path(index._path).read_bytes()


def test_a_damaged_index_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = StatIndex.load(str(path))
    index.keep("d", "f", ROW, ())
    index.save()
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"", whole[:10], bytes([whole[0] ^ 1]) + whole[1:], whole[:60] + b"x" + whole[61:]):
        path.write_bytes(damaged)
        assert StatIndex.load(str(path)).known("d").rows == {}


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "index"
    StatIndex.load(str(path)).save()
    assert not path.exists()
    index = StatIndex.load(str(path))
    index.keep("d", "f", ROW, ())
    index.save()
    before = path.stat()
    again = StatIndex.load(str(path))
    again.known("d")
    again.save()
    assert path.stat() == before
    assert os.listdir(tmp_path) == ["index"]


def test_an_index_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    index = StatIndex.load(str(tmp_path / "file" / "index"))
    index.keep("d", "f", ROW, ())
    index.save()


def test_files_and_directories_that_vanished_are_forgotten(tmp_path: Path) -> None:
    path = str(tmp_path / "index")
    index = StatIndex.load(path)
    for directory in ("", "gone", "gone/deeper", "kept", "now-a-file"):
        index.keep(directory, "f", ROW, ())
    index.saw("", {"kept": Entry("kept", Kind.DIRECTORY), "now-a-file": Entry("now-a-file", Kind.FILE)})
    index.save()
    again = StatIndex.load(path)
    assert {name: len(again.known(name).rows) for name in ("", "gone", "gone/deeper", "kept", "now-a-file")} == {
        "": 0,
        "gone": 0,
        "gone/deeper": 0,
        "kept": 1,
        "now-a-file": 0,
    }


def test_only_the_newest_texts_are_kept() -> None:
    index = StatIndex("unused")
    for number in range(40):
        index.remember(f"key{number}", "text")
    assert index.recall("key0") is None
    assert index.recall("key39") == "text"


@pytest.mark.parametrize(
    ("mtime", "ctime", "expected"),
    [(0, 0, True), (7, 7, True), (9, 7, False), (7, 9, False), (99, 0, False)],
)
def test_recent_and_future_files_are_not_trusted(mtime: int, ctime: int, expected: bool) -> None:
    second = 1_000_000_000
    assert is_settled(mtime * second, ctime * second, 10 * second) is expected


def test_digests_of_old_files_are_remembered(tmp_path: Path) -> None:
    old = os.path.dirname(os.__file__) + "/json"  # written long ago
    index = StatIndex.load(str(tmp_path / "index"))
    first = _walk(old, index)
    index.save()
    again = StatIndex.load(str(tmp_path / "index"))
    files = [entry.path for entry in first if entry.kind is Kind.FILE and "/" not in entry.path]
    assert files
    assert set(again.known("").rows) == set(files)
    assert _walk(old, again) == first


def _walk(root: str, index: StatIndex) -> list[Entry]:
    context = FolderContext(root, None, index)
    try:
        return list(context.walk(""))
    finally:
        context.close()
