"""The same inputs give the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

BUILDFILE = """\
FROM base AS one
WORKDIR /made/by/workdir
RUN mkdir -p /d && for i in 1 2 3 4 5; do echo $i > /d/$i; done && ln /d/1 /d/one && ln -s 2 /d/two && rm /etc/group
FROM base AS two
COPY tree /tree
FROM one
COPY --from=two /tree /tree
COPY --chmod=0640 tree/b /b
"""
EPOCH = {"SOURCE_DATE_EPOCH": "1000000000"}


def tree(folder: Path, names: list[str], mtime: int) -> Path:
    write(folder, {"Buildfile": BUILDFILE} | {f"tree/{name}": name for name in names})
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (mtime, mtime))
    return folder


@pytest.fixture
def digest(base_tar: Path, tmp_path: Path) -> str:
    """What one machine makes."""
    return build(tmp_path / "first", base_tar, tree(tmp_path / "one", ["a", "b", "c/d"], 1_500_000_000))


def build(root: Path, base_tar: Path, context: Path, *args: str, env: dict[str, str] = EPOCH) -> str:
    builder = Pybuild(root, context)
    builder.run("import", str(base_tar), "base", env=env)
    return str(builder.build("-t", "app", *args, env=env)["digest"])


def test_another_store_folder_order_and_time(digest: str, base_tar: Path, tmp_path: Path) -> None:
    context = tree(tmp_path / "two", ["c/d", "b", "a"], 1_600_000_000)
    assert build(tmp_path / "second", base_tar, context) == digest


@pytest.mark.parametrize("seed", ["0", "1"])
def test_another_hash_seed_and_display(digest: str, base_tar: Path, tmp_path: Path, seed: str) -> None:
    env = EPOCH | {"PYTHONHASHSEED": seed}
    assert build(tmp_path / "second", base_tar, tmp_path / "one", "--progress", "rawjson", env=env) == digest


def test_a_second_build_without_an_epoch_writes_the_same(based: Pybuild) -> None:
    tree(based.cwd, ["a", "b"], 1_500_000_000)
    assert based.build("-t", "app")["digest"] == based.build("-t", "app")["digest"]
