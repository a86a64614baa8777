"""Git repositories behind a real ssh server: the key comes from `--ssh`, or from the agent that git would ask."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.sshd import PROGRAM, SshServer, ssh_server
from tests.support.web import make_repository

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no sshd here")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("ssh") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def url(server: SshServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("repository") / "app.git"
    make_repository(str(folder), {"Buildfile": "FROM scratch\nCOPY . /\n", "a": "a", "sub/b": "b"})
    return f"{server.url}{folder}"


@pytest.fixture
def agent(server: SshServer, tmp_path: Path) -> Iterator[str]:
    """The socket of an agent that has the key."""
    place = str(tmp_path / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        subprocess.run(["ssh-add", "-q", server.key], env={**os.environ, "SSH_AUTH_SOCK": place}, check=True)
        yield place
        process.terminate()


def test_a_context_with_a_key(pybuild: Pybuild, server: SshServer, url: str, tmp_path: Path) -> None:
    out = pybuild.files("--ssh", f"default={server.key}", url, into=tmp_path / "out")
    assert sorted(os.listdir(out)) == ["Buildfile", "a", "sub"]


def test_a_context_with_the_users_agent(pybuild: Pybuild, url: str, agent: str, tmp_path: Path) -> None:
    pybuild.run(
        "build", "-o", str(tmp_path / "out"), f"{url}#main:sub", "-f", _own(pybuild), env={"SSH_AUTH_SOCK": agent}
    )
    assert os.listdir(tmp_path / "out") == ["b"]


def _own(pybuild: Pybuild) -> str:
    write(pybuild.cwd, {"Own": "FROM scratch\nCOPY . /\n"})
    return str(pybuild.cwd / "Own")


def test_add_and_a_named_context(pybuild: Pybuild, server: SshServer, url: str, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": f"FROM scratch\nADD {url}#main /added\nCOPY --from=other a /named\n"})
    options = ["--ssh", f"default={server.key}", "--build-context", f"other={url}"]
    out = pybuild.files(*options, ".", into=tmp_path / "out")
    assert sorted(os.listdir(out / "added")) == ["Buildfile", "a", "sub"]
    assert (out / "named").read_text() == "a"


def test_without_a_key_it_is_told_why(pybuild: Pybuild, url: str) -> None:
    said = pybuild.run("build", url, code=1).stderr
    assert "failed to fetch" in said
    assert "Permission denied (publickey" in said
    assert "--ssh default=KEY" in said
