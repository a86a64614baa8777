"""Secrets for what is fetched: they reach the host they are meant for, and are written nowhere."""

from __future__ import annotations

import base64
import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.web import Asked, Page, WebServer, make_repository

TOKEN = "the-token-of-the-test-0815"  # noqa: S105
BUILDFILE = "FROM scratch\nCOPY a /\n"
BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


def host_of(web: WebServer) -> str:
    return web.url.removeprefix("http://")


def guarded(body: bytes, wanted: str) -> Callable[[Asked], Page]:
    """For whoever sends `wanted`; nobody else learns whether it is there."""

    def answer(asked: Asked) -> Page:
        return Page(body) if asked.headers.get("authorization", "").lower() == wanted.lower() else Page(b"", 401)

    return answer


def is_written(root: Path, *texts: str) -> list[Path]:
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 5
    return [path for path in files if any(text.encode() in path.read_bytes() for text in texts)]


@pytest.fixture
def git_url(web: WebServer, tmp_path: Path) -> str:
    """A repository whose files are simply served, as the oldest of git's ways over http has it."""
    folder = tmp_path / "app"
    make_repository(str(folder), {"Buildfile": BUILDFILE, "a": "a"})
    subprocess.run(["git", "-C", folder, "update-server-info"], check=True)
    for path in (folder / ".git").rglob("*"):
        if path.is_file():
            web.pages[f"/app.git/{path.relative_to(folder / '.git')}"] = guarded(path.read_bytes(), f"basic {BASIC}")
    return f"{web.url}/app.git"


@pytest.mark.parametrize("name", ["GIT_AUTH_TOKEN", "GIT_AUTH_TOKEN.{host}"])
def test_a_token_for_a_git_context(pybuild: Pybuild, web: WebServer, git_url: str, name: str, tmp_path: Path) -> None:
    option = f"id={name.format(host=host_of(web))},env=TOKEN"
    metadata = tmp_path / "metadata"
    done = pybuild.run(
        "build",
        "--secret",
        option,
        "--metadata-file",
        str(metadata),
        "--progress",
        "rawjson",
        git_url,
        env={"TOKEN": TOKEN},
    )
    assert any(BASIC in asked.headers.get("authorization", "") for asked in web.asked)
    assert is_written(pybuild.root, TOKEN, BASIC) == []
    assert TOKEN not in done.stdout + done.stderr + metadata.read_text()


def test_without_it_the_refusal_says_which_secret_to_give(pybuild: Pybuild, git_url: str) -> None:
    said = pybuild.run(
        "build", "--secret", "id=GIT_AUTH_TOKEN.elsewhere,env=TOKEN", git_url, code=1, env={"TOKEN": TOKEN}
    )
    assert "GIT_AUTH_TOKEN" in said.stderr
    assert TOKEN not in said.stdout + said.stderr


def test_a_wrong_one_is_in_no_complaint(pybuild: Pybuild, git_url: str) -> None:
    wrong = f"wrong-{TOKEN}"
    said = pybuild.run("build", "--secret", "id=GIT_AUTH_TOKEN,env=TOKEN", git_url, code=1, env={"TOKEN": wrong})
    encoded = base64.b64encode(f"x-access-token:{wrong}".encode()).decode()
    assert not any(text in said.stdout + said.stderr for text in (wrong, encoded))


@pytest.mark.parametrize(("kind", "sent"), [("TOKEN", f"Bearer {TOKEN}"), ("HEADER", f"Digest {TOKEN}")])
def test_a_token_for_a_context_and_a_source_behind_http(pybuild: Pybuild, web: WebServer, kind: str, sent: str) -> None:
    write(pybuild.cwd, {"Buildfile": f"{BUILDFILE}ADD {web.url}/more /\n", "a": "a"})
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(pybuild.cwd, ".")
        web.pages["/context.tar"] = guarded(packed.getvalue(), sent)
    web.pages["/more"] = guarded(b"more", sent)
    option = f"id=HTTP_AUTH_{kind}_127.0.0.1,env=TOKEN"
    value = TOKEN if kind == "TOKEN" else sent
    done = pybuild.run("build", "--secret", option, f"{web.url}/context.tar", env={"TOKEN": value})
    assert {asked.path for asked in web.asked if TOKEN in asked.headers.get("authorization", "")} >= {
        "/context.tar",
        "/more",
    }
    assert is_written(pybuild.root, TOKEN) == []
    assert TOKEN not in done.stdout + done.stderr
    assert "401" in pybuild.run("build", f"{web.url}/context.tar", code=1).stderr
