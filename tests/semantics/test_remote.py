"""Rows of the language reference about ADD of URLs and git repositories, against real servers of this machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild
from tests.support.web import Page, WebServer, git, git_daemon, make_repository

MODIFIED = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
WHEN = 1445412480


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    (tmp_path / "context").mkdir()
    return Pybuild(tmp_path / "store", tmp_path / "context")


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


def members(pybuild: Pybuild, text: str, tmp_path: Path) -> dict[str, tarfile.TarInfo]:
    (pybuild.cwd / "Dockerfile").write_text(text)
    out = tmp_path / "out.tar"
    pybuild.run("build", "-o", f"type=tar,dest={out}", ".")
    with tarfile.open(out) as archive:
        return {member.name.strip("/"): member for member in archive}


def fails(pybuild: Pybuild, text: str) -> str:
    (pybuild.cwd / "Dockerfile").write_text(text)
    return pybuild.run("build", ".", code=1).stderr


def archive(name: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name))
    return data.getvalue()


def test_add_url(pybuild: Pybuild, web: WebServer, tmp_path: Path) -> None:
    """ADD URL"""
    web.pages = {"/d/my%20file.txt": Page(b"text", headers=MODIFIED), "/": Page(b"root"), "/a.tgz": Page(archive("x"))}
    (pybuild.cwd / "local").write_text("here")
    found = members(
        pybuild,
        f"FROM scratch\nADD {web.url}/d/my%20file.txt?q=1 local {web.url}/ /in/\n"
        f"ADD --chown=3:4 --chmod=0640 {web.url}/d/my%20file.txt /as\nADD {web.url}/a.tgz /\n",
        tmp_path,
    )
    assert set(found) == {"in", "in/my file.txt", "in/local", "in/__unnamed__", "as", "a.tgz"}
    plain, changed = found["in/my file.txt"], found["as"]
    assert (plain.mode, plain.uid, plain.gid, plain.mtime) == (0o600, 0, 0, WHEN)
    assert (changed.mode, changed.uid, changed.gid, changed.mtime) == (0o640, 3, 4, WHEN)
    assert found["in/__unnamed__"].mtime == 0
    assert "source can't be a URL for COPY" in fails(pybuild, f"FROM scratch\nCOPY {web.url}/a.tgz /\n")
    assert "404" in fails(pybuild, f"FROM scratch\nADD {web.url}/none /\n")


def test_add_unpack(pybuild: Pybuild, web: WebServer, tmp_path: Path) -> None:
    """ADD --unpack"""
    web.pages["/a.tgz"] = Page(archive("x"))
    (pybuild.cwd / "b.tgz").write_bytes(archive("y"))
    assert set(members(pybuild, f"FROM scratch\nADD --unpack=true {web.url}/a.tgz /d/\n", tmp_path)) == {"d", "d/x"}
    assert set(members(pybuild, "FROM scratch\nADD --unpack=false b.tgz /\n", tmp_path)) == {"b.tgz"}
    mixed = f"FROM scratch\nADD {web.url}/a.tgz b.tgz /d/\n"
    assert set(members(pybuild, mixed, tmp_path)) == {"d", "d/a.tgz", "d/y"}


def test_an_unchanged_url_is_not_fetched_again(pybuild: Pybuild, web: WebServer) -> None:
    """ADD URL"""
    web.pages["/a"] = Page(b"1", headers={"ETag": '"1"'})
    (pybuild.cwd / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/a /\n")
    assert pybuild.ran(".")
    assert not pybuild.ran(".")
    assert web.asked[1].headers["if-none-match"] == '"1"'
    web.pages["/a"] = Page(b"1", headers={"ETag": '"2"'})
    assert not pybuild.ran("."), "the same bytes under another tag"
    web.pages["/a"] = Page(b"2", headers={"ETag": '"3"'})
    assert pybuild.ran(".")


def test_add_checksum(pybuild: Pybuild, web: WebServer, tmp_path: Path) -> None:
    """ADD --checksum"""
    web.pages = {"/a": Page(b"text"), "/b": Page(b"other")}
    right = f"sha256:{hashlib.sha256(b'text').hexdigest()}"
    text = f"FROM scratch\nADD --checksum={right} {web.url}/a /\n"
    assert set(members(pybuild, text, tmp_path)) == {"a"}
    assert set(members(pybuild, text, tmp_path)) == {"a"}
    assert len(web.asked) == 1
    wrong = f"sha256:{'0' * 64}"
    assert "digest mismatch" in fails(pybuild, f"FROM scratch\nADD --checksum={wrong} {web.url}/b /\n")
    two = fails(pybuild, f"FROM scratch\nADD --checksum={right} {web.url}/a {web.url}/b /\n")
    assert "checksum can't be specified for multiple sources" in two
    assert "checksum requires HTTP(S) or Git sources" in fails(pybuild, f"FROM scratch\nADD --checksum={right} a /\n")
    assert "unsupported digest algorithm" in fails(pybuild, f"FROM scratch\nADD --checksum=md5:1 {web.url}/a /\n")


def test_add_git(pybuild: Pybuild, tmp_path: Path) -> None:
    """ADD git"""
    folder = str(tmp_path / "served" / "r.git")
    first = make_repository(folder, {"a": "1", "sub/b": "2", "sub/deep/c": "3"})
    os.chmod(f"{folder}/a", 0o755)
    second = make_repository(folder, {"d": "4"}, when=1_700_000_000)
    git(folder, "tag", "--annotate", "v1", "--message", "one", first)
    with git_daemon(str(tmp_path / "served")) as url:
        remote = f"{url}/r.git"
        found = members(pybuild, f"FROM scratch\nADD {remote} /r\n", tmp_path)
        assert set(found) == {"r", "r/a", "r/d", "r/sub", "r/sub/b", "r/sub/deep", "r/sub/deep/c"}
        assert {stat.S_IMODE(found[f"r/{name}"].mode) for name in ("a", "sub")} == {0o755}
        assert (found["r/d"].mode, found["r/d"].uid, found["r/d"].mtime) == (0o644, 0, 1_700_000_000)
        for text in (f"{remote}#v1", f"{remote}?tag=v1", f"{remote}#{first}", f"{remote}?checksum={first[:8]}&ref=v1"):
            found = members(pybuild, f"FROM scratch\nADD {text} /\n", tmp_path)
            assert set(found) == {"a", "sub", "sub/b", "sub/deep", "sub/deep/c"}, text
        found = members(pybuild, f"FROM scratch\nADD {remote}#main:sub /\n", tmp_path)
        assert set(found) == {"b", "deep", "deep/c"}
        found = members(pybuild, f"FROM scratch\nADD --keep-git-dir=true {remote} /\n", tmp_path)
        assert ".git/HEAD" in found
        wrong = fails(pybuild, f"FROM scratch\nADD --checksum={first} {remote} /\n")
        assert f"expected checksum to match {first}, got {second}" in wrong
        assert "does not contain ref nope" in fails(pybuild, f"FROM scratch\nADD {remote}#nope /\n")
    assert 'unexpected query "x"' in fails(pybuild, "FROM scratch\nADD https://a/b.git?x=1 /\n")


def test_an_unchanged_repository_is_not_fetched_again(pybuild: Pybuild, tmp_path: Path) -> None:
    """ADD git"""
    folder = str(tmp_path / "served" / "r.git")
    make_repository(folder, {"a": "1", "sub/b": "2"})
    with git_daemon(str(tmp_path / "served")) as url:
        (pybuild.cwd / "Dockerfile").write_text(f"FROM scratch\nADD {url}/r.git#main:sub /\n")
        assert pybuild.ran(".")
        assert not pybuild.ran(".")
        make_repository(folder, {"a": "2"})
        assert not pybuild.ran("."), "another commit, the same files"
        make_repository(folder, {"sub/b": "3"})
        assert pybuild.ran(".")


def test_add_auth(pybuild: Pybuild, web: WebServer, tmp_path: Path) -> None:
    """ADD auth"""
    host = web.url.partition("://")[2]
    web.pages["/a"] = lambda asked: Page(b"text", 200 if "authorization" in asked.headers else 401)
    (pybuild.cwd / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/a /\n")
    assert "HTTP_AUTH_TOKEN_" in pybuild.run("build", ".", code=1).stderr
    for name, expected in (("TOKEN", "Bearer geheim"), ("HEADER", "geheim")):
        root = tmp_path / name
        other = Pybuild(root, pybuild.cwd)
        other.run("build", "--secret", f"id=HTTP_AUTH_{name}_127.0.0.1,env=S", ".", env={"S": "geheim"})
        assert web.asked[-1].headers["authorization"] == expected
        kept = [path for path in root.rglob("*") if path.is_file() and b"geheim" in path.read_bytes()]
        assert kept == []
    (pybuild.cwd / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/r.git /\n")
    for name in ("GIT_AUTH_TOKEN", f"GIT_AUTH_TOKEN.{host}", "GIT_AUTH_HEADER"):
        done = pybuild.run("build", "--secret", f"id={name},env=S", ".", env={"S": "basic geheim"}, code=1)
        assert web.asked[-1].headers["authorization"].startswith("basic "), name
        assert "geheim" not in done.stderr


def created(pybuild: Pybuild, *args: str, env: dict[str, str] | None = None) -> str:
    pybuild.run("build", "-t", "x", *args, env=env)
    config: dict[str, str] = json.loads(pybuild.run("inspect", "x").stdout)[0]
    return config["Created"]


def test_source_date_epoch_of_a_stage(pybuild: Pybuild, web: WebServer) -> None:
    """SOURCE_DATE_EPOCH"""
    web.pages = {"/a": Page(b"1", headers=MODIFIED), "/b": Page(b"1")}
    stage = (
        f"ARG SOURCE_DATE_EPOCH=Time\nFROM scratch AS time\nARG NAME=a\nADD {web.url}/$NAME /\nFROM scratch\nCOPY f /\n"
    )
    (pybuild.cwd / "f").write_text("")
    (pybuild.cwd / "Dockerfile").write_text(stage)
    assert created(pybuild, ".") == "2015-10-21T07:28:00Z"
    web.pages["/a"] = Page(b"1", headers={"Last-Modified": "Thu, 22 Oct 2015 07:28:00 GMT"})
    assert created(pybuild, ".") == "2015-10-22T07:28:00Z", "a kept plan is asked again"
    assert not created(pybuild, "--build-arg", "NAME=b", ".").startswith("2015")
    for wrong, why in {
        "FROM busybox AS time\n": "must use FROM scratch",
        "FROM scratch AS time\nCOPY f /\n": "does not meet source-only requirements",
        "FROM scratch AS time\nADD f /\n": "must be a single HTTP(S) or Git ADD",
        "FROM scratch AS time\n": "must contain exactly one remote ADD",
        "FROM scratch AS other\n": "invalid SOURCE_DATE_EPOCH: time",
    }.items():
        assert why in fails(pybuild, f"ARG SOURCE_DATE_EPOCH=time\n{wrong}FROM scratch\nCOPY f /\n"), wrong


def test_source_date_epoch_of_a_remote_context(pybuild: Pybuild, web: WebServer, tmp_path: Path) -> None:
    """SOURCE_DATE_EPOCH"""
    folder = str(tmp_path / "served" / "r.git")
    make_repository(folder, {"Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"}, when=1_500_000_000)
    (pybuild.cwd / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("Dockerfile")
        member.size, member.mtime = 35, 1_400_000_000
        tar.addfile(member, io.BytesIO(b"FROM scratch\nCOPY Dockerfile /aaaaa\n"[:35]))
    web.pages["/c.tgz"] = Page(packed.getvalue())
    with git_daemon(str(tmp_path / "served")) as url:
        epoch = {"SOURCE_DATE_EPOCH": "context"}
        assert created(pybuild, f"{url}/r.git", env=epoch) == "2017-07-14T02:40:00Z"
        named = ("--build-context", f"there={url}/r.git", "--build-arg", "SOURCE_DATE_EPOCH=there", ".")
        assert created(pybuild, *named) == "2017-07-14T02:40:00Z"
        assert created(pybuild, f"{web.url}/c.tgz", env=epoch) == "2014-05-13T16:53:20Z"
