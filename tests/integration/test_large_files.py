"""COPY of large files: one that is new is read once, and nothing else differs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder import build
from builder.context import hashing
from builder.context.unread import LARGE
from builder.pipeline.build import BuildResult

TEXT = "FROM scratch\nCOPY big small /data/\nCOPY --chmod=0600 big /again\n"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Buildfile").write_text(TEXT)
    (folder / "small").write_text("small")
    _write_large(folder / "big", LARGE)
    return folder


def _write_large(path: Path, size: int) -> None:
    """Mostly a hole, and old enough to be trusted later on."""
    with path.open("wb") as file:
        file.write(b"begins")
        file.truncate(size)
    os.utime(path, (1_600_000_000, 1_600_000_000))


def _build(context: Path, root: Path) -> BuildResult:
    return build(str(context), root=str(root), tags=["big:1"], epoch=1_700_000_000)


def test_a_new_large_file_is_not_read_for_its_digest_alone(
    context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(hashing, "_hash_large", lambda *_: pytest.fail("it was read twice"))
        first = _build(context, tmp_path / "one")
        assert [decision.reason for decision in first.decisions] == ["no earlier build of this file here"] * 2
        assert _build(context, tmp_path / "two").digest == first.digest
    again = _build(context, tmp_path / "one")
    assert (again.digest, again.cached) == (first.digest, 2)


def test_what_was_copied_before_is_looked_up_first(
    context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _build(context, tmp_path / "root")
    os.utime(context / "big", (1_600_000_001, 1_600_000_001))
    again = _build(context, tmp_path / "root")
    assert (again.digest, again.cached) == (first.digest, 2)
    other = tmp_path / "other"
    context.rename(other)
    monkeypatch.setattr("builder.steps.copying.copy_layer", lambda *_: pytest.fail("it was packed again"))
    moved = _build(other, tmp_path / "root")
    assert (moved.digest, moved.cached) == (first.digest, 2)


def test_a_change_is_explained_and_its_layer_is_right(context: Path, tmp_path: Path) -> None:
    _build(context, tmp_path / "root")
    _write_large(context / "big", LARGE + 1)
    changed = _build(context, tmp_path / "root")
    assert [decision.reason for decision in changed.decisions] == [
        "COPY big small: 1 file changed: big (content)",
        "COPY --chmod=0600 big: 1 file changed: big (content)",
    ]
    assert _build(context, tmp_path / "fresh").digest == changed.digest


def test_what_another_file_replaces_is_read_for_its_digest(context: Path, tmp_path: Path) -> None:
    (context / "dir").mkdir()
    _write_large(context / "dir" / "big", LARGE + 2)
    (context / "Buildfile").write_text("FROM scratch\nCOPY big dir/big /data/\n")
    first = _build(context, tmp_path / "root")
    assert _build(context, tmp_path / "root").cached == 1
    _write_large(context / "big", LARGE + 3)
    assert _build(context, tmp_path / "root").cached == 0
    assert first.steps == 1
