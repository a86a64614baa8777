"""The examples as a reader has them: a fresh copy, built by the installed command into a store of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

Pybuild = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base that `make-rootfs.py` makes of this machine."""
    target = tmp_path_factory.mktemp("base") / "rootfs.tar"
    subprocess.run([sys.executable, "-I", EXAMPLES / "hello" / "make-rootfs.py", target], check=True)
    return target


@pytest.fixture
def example(tmp_path: Path, rootfs: Path) -> Callable[[str], Path]:
    """Copies an example by name, with its base where it uses one."""

    def copy(name: str) -> Path:
        folder = Path(shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("*.tar")))
        if "rootfs.tar" in (folder / "Buildfile").read_text():
            os.link(rootfs, folder / "rootfs.tar")
        return folder

    return copy


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    program = Path(sys.executable).parent / "pybuild"
    environment = {**os.environ, "PYBUILD_ROOT": str(tmp_path / "store")}

    def run(*argv: str | Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [program, *argv], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert result.returncode == expect, result.stdout + result.stderr
        return result

    return run


def enter(folder: Path, *argv: str, user: str = "") -> list[str]:
    """The command line that runs `argv` with `folder` as the root filesystem. An ordinary user becomes root of a user
    namespace of one id, so that `user` is left out there."""
    if os.geteuid() == 0:
        return ["chroot", *([f"--userspec={user}"] if user else []), str(folder), *argv]
    return ["unshare", "--user", "--map-root-user", "chroot", str(folder), *argv]


def run_in(folder: Path, *argv: str, user: str = "") -> str:
    environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/bin"}
    command = enter(folder, *argv, user=user)
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
