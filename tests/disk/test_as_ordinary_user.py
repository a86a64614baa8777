"""Files of subordinate users go too, and are counted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import write
from tests.support.ordinary import OrdinaryUser, ordinary_user

BUILDFILE = """FROM base
RUN --mount=type=cache,target=/kept,uid=33 \\
    mkdir -m 700 /own && echo x > /own/file && chown -R 33:33 /own && echo y > /kept/file
"""


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user


def test_an_ordinary_user_prunes_what_belongs_to_its_subordinates(base_tar: Path, user: OrdinaryUser) -> None:
    shutil.copy(base_tar, user.folder / "base.tar")
    (user.folder / "base.tar").chmod(0o644)
    write(user.folder / "context", {"Buildfile": BUILDFILE})
    root = user.folder / "store"

    def run(*args: str) -> str:
        done = user.run([user.python, "-m", "builder", "--root", str(root), *args])
        assert done.returncode == 0, f"{args}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run("import", "base.tar", "base")
    run("build", "-q", "-t", "app:1", "context")
    assert any(status.st_uid not in (0, user.uid) for status in map(os.stat, root.glob("snapshots/*/fs/own")))
    assert run("store", "check") == "The store is whole.\n"
    rows = {row["type"]: row for row in map(json.loads, run("df", "--format", "json").splitlines())}
    assert rows["Snapshots"]["size"] > 0
    run("prune", "-af")
    for folder in ("snapshots", "cachemounts", "tables", "tmp"):
        assert os.listdir(root / folder) == [], folder
    run(
        "build",
        "-q",
        "--no-cache",
        "-o",
        "type=cacheonly",
        str(write(user.folder / "none", {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})),
    )
    assert run("store", "check", "--repair") == "The store is whole.\n"
