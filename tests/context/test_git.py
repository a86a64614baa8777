"""Git repositories, from real servers: git's own daemon, and its backend behind a web server."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.git import GitCache
from builder.context.gitprogram import run_git
from builder.errors import ContextError
from builder.model.gitreference import GitReference, parse_git_reference
from tests.support.web import Page, WebServer, git, git_daemon, make_repository

WHEN = 1_600_000_000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A folder, and the URL below which its repositories are served."""
    folder = tmp_path / "served"
    folder.mkdir()
    with git_daemon(str(folder)) as url:
        yield str(folder), url


@pytest.fixture
def cache(tmp_path: Path) -> GitCache:
    return GitCache(str(tmp_path / "git"))


def reference(text: str) -> GitReference:
    found = parse_git_reference(text)
    assert found
    return found


def files(cache: GitCache, text: str, into: Path) -> dict[str, str]:
    """What a checkout has, by path; `.git` counts as one."""
    into.mkdir(parents=True)
    wanted = reference(text)
    root = cache.checkout(wanted, cache.resolve(wanted), str(into))
    found = {}
    for folder, folders, names in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
            found[os.path.relpath(f"{folder}/.git", root)] = ""
        for name in names:
            path = f"{folder}/{name}"
            found[os.path.relpath(path, root)] = os.readlink(path) if os.path.islink(path) else Path(path).read_text()
    return found


def fault(call: Callable[[], object]) -> ContextError:
    with pytest.raises(ContextError) as caught:
        call()
    return caught.value


def test_refs_of_every_form(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    first = make_repository(f"{folder}/r", {"a": "1"})
    git(f"{folder}/r", "tag", "light")
    git(f"{folder}/r", "tag", "--annotate", "--message", "x", "heavy")
    git(f"{folder}/r", "branch", "both")
    second = make_repository(f"{folder}/r", {"b": "2"})
    git(f"{folder}/r", "tag", "both")
    git(f"{folder}/r", "branch", "deep/er")
    for ref in ("light", "heavy", "refs/tags/heavy", "both", "refs/heads/both", first):
        assert cache.resolve(reference(f"{url}/r#{ref}")).id == first, ref
    for ref in ("", "main", "deep/er", "refs/tags/both", "tags/both", "heads/main"):
        assert cache.resolve(reference(f"{url}/r#{ref}")).id == second, ref
    assert cache.resolve(reference(f"{url}/r?tag=both")).id == second
    assert cache.resolve(reference(f"{url}/r?branch=both")).id == first
    assert cache.resolve(reference(f"{url}/r?checksum={first[:9]}#heavy")).id == first
    heavy = cache.resolve(reference(f"{url}/r#heavy"))
    assert cache.resolve(reference(f"{url}/r?checksum={heavy.object}#heavy")) == heavy
    for number, ref in enumerate(("", "heavy", "both", first, "deep/er")):
        expected = {"a": "1"} if ref in ("heavy", "both", first) else {"a": "1", "b": "2"}
        assert files(cache, f"{url}/r#{ref}", tmp_path / str(number)) == expected


@pytest.mark.parametrize("ref", ["nope", "*", "ma*", "refs/heads/", "a..b", "^main", "main^{}", "refs/pull/1/head"])
def test_refs_that_are_not_there(served: tuple[str, str], cache: GitCache, ref: str) -> None:
    folder, url = served
    make_repository(f"{folder}/r", {"a": "1"})
    assert fault(lambda: cache.resolve(reference(f"{url}/r#{ref}"))).code == "no-such-ref"


def test_a_commit_in_the_middle_of_history(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    commits = [make_repository(f"{folder}/r", {"a": str(number)}, when=WHEN + number) for number in range(3)]
    assert files(cache, f"{url}/r#{commits[1]}", tmp_path / "1") == {"a": "1"}
    assert os.stat(tmp_path / "1" / "a").st_mtime == WHEN + 1
    assert files(cache, f"{url}/r#{commits[0]}", tmp_path / "0") == {"a": "0"}
    missing = fault(lambda: files(cache, f"{url}/r#{'1' * 40}", tmp_path / "2"))
    assert missing.code == "fetch-failed"


def test_what_is_here_is_not_fetched(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    commit = make_repository(f"{folder}/r", {"a": "1"})
    assert files(cache, f"{url}/r", tmp_path / "1") == {"a": "1"}
    os.rename(f"{folder}/r", f"{folder}/gone")
    assert files(cache, f"{url}/r#{commit}", tmp_path / "2") == {"a": "1"}
    assert fault(lambda: cache.resolve(reference(f"{url}/r"))).code == "fetch-failed"


def test_a_branch_that_moved_and_one_that_became_a_folder(
    served: tuple[str, str], cache: GitCache, tmp_path: Path
) -> None:
    folder, url = served
    make_repository(f"{folder}/r", {"a": "1"})
    git(f"{folder}/r", "branch", "x")
    files(cache, f"{url}/r#x", tmp_path / "1")
    git(f"{folder}/r", "branch", "-m", "x", "x/y")
    make_repository(f"{folder}/r", {"a": "2"})
    git(f"{folder}/r", "commit", "--amend", "--quiet", "--message", "other")
    assert files(cache, f"{url}/r#x/y", tmp_path / "2") == {"a": "1"}
    assert files(cache, f"{url}/r#main", tmp_path / "3") == {"a": "2"}


def test_modes_and_times(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    make_repository(f"{folder}/r", {"a": "1", "d/b": "2"})
    os.chmod(f"{folder}/r/a", 0o700)
    os.symlink("nowhere", f"{folder}/r/link")
    make_repository(f"{folder}/r", {"c": ""})
    old = os.umask(0o077)
    try:
        files(cache, f"{url}/r", tmp_path / "1")
    finally:
        os.umask(old)
    found = {path.name: path.lstat() for path in (tmp_path / "1").rglob("*")}
    assert {name: oct(found[name].st_mode & 0o777) for name in ("a", "c", "d")} == {
        "a": "0o755", "c": "0o644", "d": "0o755"
    }  # fmt: skip
    assert {info.st_mtime for info in found.values()} == {WHEN}


def test_subdirs_stay_inside(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    os.makedirs(f"{folder}/r")
    os.symlink("/etc", f"{folder}/r/out")
    os.symlink("d", f"{folder}/r/in")
    make_repository(f"{folder}/r", {"d/e/f": "1"})
    assert files(cache, f"{url}/r#main:d/e", tmp_path / "1") == {"f": "1"}
    assert files(cache, f"{url}/r?subdir=/d/../../d/", tmp_path / "2") == {"e/f": "1"}
    for number, subdir in enumerate(("out", "in", "in/e", "d/e/f", "none", "d/none")):
        call = partial(files, cache, f"{url}/r#main:{subdir}", tmp_path / f"bad{number}")
        assert fault(call).code == "no-such-subdir"


def test_keeping_git(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    commit = make_repository(f"{folder}/r", {"a": "1"})
    git(f"{folder}/r", "tag", "--annotate", "--message", "x", "v1")
    texts = {"": commit, "#v1": commit, f"#{commit}": commit}
    for number, (text, head) in enumerate(texts.items()):
        into = tmp_path / str(number)
        assert files(cache, f"{url}/r?keep-git-dir=1{text}", into) == {"a": "1", ".git": ""}
        assert git(str(into), "rev-parse", "HEAD") == head
        assert git(str(into), "status", "--porcelain") == ""
        assert git(str(into), "remote", "get-url", "origin") == f"{url}/r"
        assert not (into / ".git" / "FETCH_HEAD").exists()
    refs = [git(str(tmp_path / str(number)), "for-each-ref", "--format=%(refname)").split() for number in range(3)]
    assert refs == [["refs/heads/main", "refs/tags/main"], ["refs/tags/v1"], []], "as BuildKit has them"
    for name in ("here", "there"):
        files(cache, f"{url}/r?keep-git-dir=1", tmp_path / name)
    assert _tree(tmp_path / "here") == _tree(tmp_path / "there")


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_submodules(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    inner = make_repository(f"{folder}/inner", {"i": "1"})
    make_repository(f"{folder}/r", {"a": "1", ".gitmodules": '[submodule "s"]\n\tpath = sub\n\turl = ../inner\n'})
    git(f"{folder}/r", "update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    git(f"{folder}/r", "commit", "--quiet", "--message", "x")
    with_it = files(cache, f"{url}/r", tmp_path / "1")
    assert with_it.keys() == {"a", ".gitmodules", "sub/i"}
    without = files(cache, f"{url}/r?submodules=false", tmp_path / "2")
    assert without.keys() == {"a", ".gitmodules"}
    kept = files(cache, f"{url}/r?keep-git-dir", tmp_path / "3")
    assert kept.keys() == {"a", ".gitmodules", ".git", "sub/.git", "sub/i"}


@pytest.mark.parametrize(
    "remote", ["file://{}/inner", "{}/inner", "ext::sh -c touch% {}/owned", "--upload-pack=touch {}/owned"]
)
def test_submodules_of_this_machine_are_refused(
    served: tuple[str, str], cache: GitCache, tmp_path: Path, remote: str
) -> None:
    folder, url = served
    inner = make_repository(f"{folder}/inner", {"i": "1"})
    where = remote.format(folder)
    make_repository(f"{folder}/r", {".gitmodules": f'[submodule "s"]\n\tpath = sub\n\turl = {where}\n'})
    git(f"{folder}/r", "update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
    git(f"{folder}/r", "commit", "--quiet", "--message", "x")
    assert fault(lambda: files(cache, f"{url}/r", tmp_path / "1")).code == "fetch-failed"
    assert not os.path.exists(f"{folder}/owned")


@pytest.mark.parametrize("remote", ["file:///etc", "ext::sh", "--upload-pack=x", "-x@h:y", "ssh://-oProxyCommand=x/y"])
def test_hostile_remotes(cache: GitCache, tmp_path: Path, remote: str) -> None:
    assert fault(lambda: cache.resolve(GitReference(remote))).code == "fetch-failed"


def test_hooks_of_a_repository_are_not_run(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    make_repository(
        f"{folder}/r", {"hooks/post-checkout": f"#!/bin/sh\ntouch {tmp_path}/owned\n", ".gitattributes": "* filter=x\n"}
    )
    files(cache, f"{url}/r?keep-git-dir", tmp_path / "1")
    assert not (tmp_path / "owned").exists()


def test_a_machine_without_git(cache: GitCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert fault(lambda: cache.resolve(reference("git://127.0.0.1:1/r"))).code == "no-git"


def test_secrets_reach_their_host_only(tmp_path: Path) -> None:
    web, other = WebServer(), WebServer()
    try:
        web.pages["/r.git/info/refs"] = Page(status=302, headers={"Location": f"{other.url}/r.git/info/refs"})
        host = web.url.partition("://")[2]
        for name, expected in (
            (f"GIT_AUTH_HEADER.{host}", "Bearer geheim"),
            ("GIT_AUTH_TOKEN", "basic " + base64.b64encode(b"x-access-token:Bearer geheim").decode()),
        ):
            cache = GitCache(str(tmp_path / "git"), {name: b"Bearer geheim\n", "GIT_AUTH_TOKEN.elsewhere": b"x"}.get)
            error = fault(partial(cache.resolve, reference(f"{web.url}/r.git")))
            assert error.code == "fetch-failed"
            assert web.asked[-1].headers["authorization"] == expected
            assert "geheim" not in error.message
        assert other.asked == []
    finally:
        web.close()
        other.close()


def test_passwords_stay_out_of_messages_and_files(tmp_path: Path) -> None:
    web = WebServer()
    try:
        url = web.url.replace("://", "://user:geheim@")
        cache = GitCache(str(tmp_path / "git"))
        error = fault(lambda: cache.resolve(reference(f"{url}/r.git")))
        assert "geheim" not in error.message
    finally:
        web.close()


def test_repositories_on_plain_web_servers(tmp_path: Path, cache: GitCache) -> None:
    """The old protocol: files only, no shallow fetch."""
    commit = make_repository(f"{tmp_path}/r", {"a": "1"})
    git(f"{tmp_path}/r", "tag", "--annotate", "--message", "x", "v1")
    subprocess.run(["git", "clone", "--quiet", "--bare", f"{tmp_path}/r", f"{tmp_path}/r.git"], check=True)
    git(f"{tmp_path}/r.git", "update-server-info")
    web = WebServer()
    try:
        for path in Path(f"{tmp_path}/r.git").rglob("*"):
            if path.is_file():
                web.pages[f"/r.git/{path.relative_to(f'{tmp_path}/r.git')}"] = Page(path.read_bytes())
        assert files(cache, f"{web.url}/r.git", tmp_path / "1") == {"a": "1"}
        assert files(GitCache(str(tmp_path / "git2")), f"{web.url}/r.git#v1", tmp_path / "2") == {"a": "1"}
        assert files(GitCache(str(tmp_path / "git3")), f"{web.url}/r.git#{commit}", tmp_path / "3") == {"a": "1"}
    finally:
        web.close()


def test_fetching_by_commit(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    commit = make_repository(f"{folder}/r", {"a": "1"})
    assert files(cache, f"{url}/r?fetch-by-commit&commit={commit}#gone", tmp_path / "1") == {"a": "1"}
    for query in ("fetch-by-commit", "fetch-by-commit&commit=abc"):
        assert fault(partial(cache.resolve, reference(f"{url}/r?{query}"))).code == "bad-git-url"


def test_sha256_repositories(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    os.makedirs(f"{folder}/r")
    git(f"{folder}/r", "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    assert len(make_repository(f"{folder}/r", {"a": "1"})) == 64
    assert files(cache, f"{url}/r", tmp_path / "1") == {"a": "1"}
    assert files(cache, f"{url}/r?keep-git-dir", tmp_path / "2").keys() == {"a", ".git"}


def test_an_empty_commit(served: tuple[str, str], cache: GitCache, tmp_path: Path) -> None:
    folder, url = served
    os.makedirs(f"{folder}/r")
    git(f"{folder}/r", "init", "--quiet", "--initial-branch=main")
    git(f"{folder}/r", "commit", "--quiet", "--allow-empty", "--message", "x")
    assert files(cache, f"{url}/r", tmp_path / "1") == {}


@given(st.text())
def test_any_text_is_a_repository_or_none(text: str) -> None:
    found = None
    with suppress(ContextError):
        found = parse_git_reference(text)
    assert found is None or (not found.ref.startswith("-") and not found.subdir.startswith("/"))


def test_git_takes_nothing_from_its_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name in (".gitconfig", ".git/config"):
        with open(tmp_path / name, "a") as file:
            file.write("[user]\n\tname = somebody\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "somebody" not in run_git("config", "--list")
