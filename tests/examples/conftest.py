"""The examples as a reader has them: a fresh copy, built into a store of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Pybuild
from tests.support.machine import missing_for_run

EXAMPLES = Path(__file__).parents[2] / "examples"

Example = Callable[[str], str]


@pytest.fixture(autouse=True)
def _able(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("kernel") and missing_for_run():
        pytest.skip(missing_for_run())


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base that `make-rootfs.py` makes of this machine."""
    target = tmp_path_factory.mktemp("base") / "rootfs.tar"
    subprocess.run([sys.executable, "-I", EXAMPLES / "hello" / "make-rootfs.py", target], check=True)
    return target


@pytest.fixture
def example(tmp_path: Path, rootfs: Path) -> Example:
    """Copies an example by name, with its base where it uses one; returns the copy's folder."""

    def copy(name: str) -> str:
        folder = shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("*.tar"))
        if "ADD rootfs.tar" in (folder / "Buildfile").read_text():
            os.link(rootfs, folder / "rootfs.tar")
        return str(folder)

    return copy


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    return Pybuild(tmp_path / "store", tmp_path)


def enter(folder: Path, *argv: str, user: str) -> list[str]:
    """The command line that runs `argv` as `user` with `folder` as the root filesystem. An ordinary user can become
    root only, of a user namespace with one id."""
    if os.geteuid() == 0:
        return ["chroot", f"--userspec={user}", str(folder), *argv]
    return ["unshare", "--user", "--map-root-user", "chroot", str(folder), *argv]
