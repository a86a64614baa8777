"""The folder of a run of the tests: gone afterwards, whatever tests leave there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.scratch import KEPT_FOR, Scratch, remove


def make_deep(folder: Path, levels: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_folders_deeper_than_python_recurses_are_removed(tmp_path: Path) -> None:
    make_deep(tmp_path, 2000)
    assert remove(tmp_path) == ""
    assert not tmp_path.exists()


def test_only_what_is_old_and_nobodys_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", str(tmp_path))
    running, failed, killed = Scratch(), Scratch(), Scratch()
    for ended in (failed, killed):
        make_deep(ended.base.parent, 2000)
        ended.unlock()
    for old in (running, killed):
        os.utime(old.base.parent, (0, os.stat(old.base.parent).st_mtime - KEPT_FOR - 1))
    Scratch().remove()
    assert {folder.name for folder in tmp_path.iterdir()} == {running.base.parent.name, failed.base.parent.name}
    running.unlock()
    remove(failed.base.parent)
