"""A git repository as context, from git's own server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
WHEN = "2024-05-06T07:08:09Z"


def git(folder: Path, *words: str) -> str:
    who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = os.environ | who | {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN, "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(["git", "-C", folder, *words], env=env, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its URL, and where it is. Branch `main` has two folders, `other` other files, the tag `one` the first commit."""
    folder = tmp_path_factory.mktemp("git") / "app.git"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(folder, {"Buildfile": "FROM scratch\nCOPY . /\n", "a": "first", ".dockerignore": "a\n"})
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    git(folder, "tag", "one")
    write(folder, {"a": "second", "sub/Dockerfile": "FROM scratch\nCOPY b /\n", "sub/b": "b"})
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "two")
    git(folder, "branch", "other")
    os.symlink("/etc", folder / "out")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "three")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["git", "daemon", "--export-all", f"--base-path={folder.parent}", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}/app.git", folder
        daemon.terminate()


def _wait_for(port: int) -> None:
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("git daemon does not listen")


@pytest.fixture
def url(repository: tuple[str, Path]) -> str:
    return repository[0]


@pytest.mark.parametrize(
    ("fragment", "names"),
    [
        ("", {"Buildfile", ".dockerignore", "a", "sub", "out"}),
        ("#other", {"Buildfile", ".dockerignore", "a", "sub"}),
        ("#one", {"Buildfile", ".dockerignore", "a"}),
        ("?tag=one", {"Buildfile", ".dockerignore", "a"}),
        ("?branch=other&submodules=false", {"Buildfile", ".dockerignore", "a", "sub"}),
        ("#:sub", {"b"}),
        ("#other:../..", {"Buildfile", ".dockerignore", "a", "sub"}),
        ("?ref=other&subdir=sub", {"b"}),
        ("?keep-git-dir=1", {"Buildfile", ".dockerignore", "a", "sub", "out", ".git"}),
    ],
)
def test_what_a_url_names(pybuild: Pybuild, url: str, fragment: str, names: set[str], tmp_path: Path) -> None:
    out = pybuild.files(url + fragment, into=tmp_path / "out")
    assert set(os.listdir(out)) == names
    assert os.listdir(pybuild.root / "tmp") == []


@pytest.mark.parametrize(("said", "kept"), [("1", True), ("true", True), ("0", False), ("perhaps", False)])
def test_a_build_argument_keeps_the_git_directory(
    pybuild: Pybuild, url: str, said: str, kept: bool, tmp_path: Path
) -> None:
    argument = f"BUILDKIT_CONTEXT_KEEP_GIT_DIR={said}"
    out = pybuild.files(url, "--build-arg", argument, into=tmp_path / "out")
    assert (out / ".git" / "HEAD").exists() is kept


def test_a_commit_by_its_digits(pybuild: Pybuild, repository: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = repository
    commit = git(folder, "rev-parse", "one").strip()
    out = pybuild.files(f"{url}#{commit}", into=tmp_path / "out")
    assert (out / "a").read_text() == "first"
    pybuild.run("build", f"{url}?ref=one&checksum={commit[:10]}")
    assert "expected checksum to match" in pybuild.run("build", f"{url}?ref=main&checksum={commit}", code=1).stderr


def test_the_same_files_hit_wherever_they_come_from(pybuild: Pybuild, repository: tuple[str, Path]) -> None:
    url, folder = repository
    assert pybuild.ran(f"{url}#main:sub")
    assert pybuild.ran(f"{url}#other:sub") == {}
    assert pybuild.ran(str(folder / "sub")) == {}


def test_a_buildfile_by_its_path_there_and_one_of_here(pybuild: Pybuild, url: str, tmp_path: Path) -> None:
    assert "'b' is not in" in pybuild.run("build", "-f", "sub/Dockerfile", url, code=1).stderr
    write(pybuild.cwd, {"Mine": "FROM scratch\nCOPY a /mine\n"})
    out = pybuild.files("-f", str(pybuild.cwd / "Mine"), url, into=tmp_path / "2")
    assert (out / "mine").read_text() == "second"


def test_a_named_context(pybuild: Pybuild, url: str, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY --from=app a /\n"})
    out = pybuild.files("--build-context", f"app={url}#one", ".", into=tmp_path / "out")
    assert (out / "a").read_text() == "first"


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("#nothing", "does not contain ref nothing"),
        ("#main:nowhere", "has no directory nowhere"),
        ("#main:out", "has no directory out"),
        ("#--upload-pack=touch", "invalid git ref"),
        ("?colour=red", 'unexpected query "colour"'),
        ("?ref=a#b", "ref conflicts"),
    ],
)
def test_faults(pybuild: Pybuild, url: str, end: str, said: str) -> None:
    assert said in pybuild.run("build", url + end, code=1).stderr
