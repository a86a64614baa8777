"""The state of a folder stands for all its entries: a no-op rebuild compares it instead of making 20,000 of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.context.folder import FolderContext
from builder.context.ignore import IgnoreRules
from builder.context.select import state_of
from builder.context.statindex import StatIndex
from builder.model.entry import Entry

FILES = {"top": "1", "d/one": "22", "d/two": "333", "d/deep/er": "4444", "other/x": "5"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its files count as old enough for their times to be trusted."""
    monkeypatch.setattr("builder.context.hashing.is_settled", lambda *_: True)
    root = tmp_path / "context"
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    os.symlink("one", root / "d/link")
    return root


def look(root: Path, path: str = "", ignore: str = "", *, walk: bool = True) -> tuple[str | None, list[Entry]]:
    """State and entries as a new build sees them, after one that has read everything."""
    index = str(root.parent / "index")
    found: list[Entry] = []
    for _ in range(2 if walk else 1):
        known = StatIndex.load(index)
        context = FolderContext(str(root), IgnoreRules.parse(ignore), known)
        state = context.state(path)
        found = list(context.walk(path)) if walk else []
        known.save()
        context.close()
    return state, found


def test_a_folder_not_read_before_has_no_state(folder: Path) -> None:
    assert look(folder, walk=False)[0] is None
    state, _ = look(folder)
    assert state
    assert look(folder, walk=False)[0] == state


def test_the_state_is_known_as_soon_as_all_is_read(folder: Path) -> None:
    context = FolderContext(str(folder), None, StatIndex("unused"))
    assert context.state("") is None
    list(context.walk(""))
    assert context.state("")
    context.close()


Change = Callable[[Path], object]
CHANGES: dict[str, tuple[Change, ...]] = {
    "content": (lambda root: (root / "d/one").write_text("changed"),),
    "mode": (lambda root: os.chmod(root / "d/one", 0o700),),
    "new file": (lambda root: (root / "d/deep/new").touch(),),
    "removed": (lambda root: os.unlink(root / "d/two"),),
    "renamed": (lambda root: os.rename(root / "d/two", root / "d/three"),),
    "moved": (lambda root: os.rename(root / "d/two", root / "two"),),
    "swapped": (
        lambda root: os.rename(root / "d/one", root / "x"),
        lambda root: os.rename(root / "d/two", root / "d/one"),
    ),
    "link": (lambda root: os.unlink(root / "d/link"), lambda root: os.symlink("two", root / "d/link")),
    "directory mode": (lambda root: os.chmod(root / "d/deep", 0o700),),
    "empty directory": (lambda root: (root / "d/empty").mkdir(),),
    "directory gone": (lambda root: shutil.rmtree(root / "d/deep"),),
    "file for directory": (lambda root: shutil.rmtree(root / "d/deep"), lambda root: (root / "d/deep").touch()),
    "hard link": (lambda root: os.link(root / "d/one", root / "d/same"),),
    "attribute": (lambda root: os.setxattr(root / "d/one", "user.x", b"1"),),
    "directory attribute": (lambda root: os.setxattr(root / "d/deep", "user.x", b"1"),),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_has_another_state(folder: Path, change: str) -> None:
    before, entries = look(folder)
    for step in CHANGES[change]:
        step(folder)
    assert look(folder, walk=False)[0] != before
    after, changed = look(folder)
    assert changed != entries
    assert after not in (None, before)


def test_what_is_ignored_does_not_count(folder: Path) -> None:
    before, _ = look(folder, ignore="other\n*.log\n")
    (folder / "other/x").write_text("changed")
    (folder / "new.log").touch()
    assert look(folder, ignore="other\n*.log\n", walk=False)[0] == before
    assert look(folder, ignore="other\n", walk=False)[0] != before


def test_a_fifo_has_no_state(folder: Path) -> None:
    os.mkfifo(folder / "other/fifo")
    assert look(folder)[0] is None
    assert look(folder, "d")[0]


def test_selections_by_pattern_or_of_what_is_missing_have_no_state(folder: Path) -> None:
    look(folder)
    context = FolderContext(str(folder), None, StatIndex.load(str(folder.parent / "index")))
    states = {paths: state_of(context, paths) for paths in ((".",), ("d",), ("top", "d"), ("d/link",), ("d/one",))}
    assert all(states.values())
    assert states["d/link",] == states["d/one",]
    assert len(set(states.values())) == 4
    assert not state_of(context, ["d/*"])
    assert not state_of(context, ["d", "missing"])
    context.close()
