"""A base image from this machine's own shell, and a command with a store of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Pybuild
from tests.support.rootfs import make_rootfs


@pytest.fixture(scope="session")
def base_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root filesystem with sh and coreutils, as a tar."""
    folder = tmp_path_factory.mktemp("base")
    make_rootfs(str(folder / "rootfs"))
    tar = folder / "rootfs.tar"
    command = ["tar", "-C", str(folder / "rootfs"), "--numeric-owner", "--owner=0", "--group=0", "-cf", str(tar), "."]
    subprocess.run(command, check=True)
    return tar


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    """Works in the folder `tmp_path/context`, which is also the build context."""
    (tmp_path / "context").mkdir()
    return Pybuild(tmp_path / "store", tmp_path / "context")


@pytest.fixture
def based(pybuild: Pybuild, base_tar: Path) -> Pybuild:
    """As `pybuild`; its store has the image `base`."""
    pybuild.run("import", str(base_tar), "base")
    return pybuild
