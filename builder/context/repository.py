"""A git repository as a context: `URL.git#REF:FOLDER`, or with `?ref=`, `?subdir=` and more, as docker has them.

2026-11-24, decided:
- git itself does the work, with the user's own configuration: so logins, proxies and ssh keys are found as they are
  when the user calls git. Nothing is asked, and nothing in a repository is run: no hook, no monitor.
- Files get the time of the commit, so that one commit always makes the same layer. BuildKit's have that of the checkout
  unless `?mtime=commit` is said.
- A commit that is named by its digits is what it says, whatever the server sends: git checks.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from builder.context.download import shown
from builder.errors import ContextError

_URL = re.compile(
    r"(?:(https?|ssh|git)://[^/?#]*|[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PARTIAL = re.compile(r"[0-9a-f]{7,64}")
_QUERY = ("ref", "tag", "branch", "subdir", "checksum", "commit", "keep-git-dir", "submodules", "mtime",
          "fetch-by-commit")  # fmt: skip
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "advice.detachedHead=false",
         "-c", "protocol.ext.allow=never", "-c", "init.defaultBranch=main")  # fmt: skip


class Repository(NamedTuple):
    remote: str
    """What git is given."""
    ref: str = ""
    """A branch, a tag, a full ref or a commit; empty: what the server has as HEAD."""
    subdir: str = ""
    checksum: str = ""
    """Beginning of the commit that it has to be."""
    keep_git_dir: bool = False
    submodules: bool = True


def find_repository(text: str) -> Repository | None:
    """What `text` says if it is a git URL: of http and https only those whose path ends in `.git`. `github.com/a/b` is
    one, too. Raises ContextError `bad-git-url`."""
    if text.startswith("github.com/"):
        text = f"https://{text}"
        path = text.partition("#")[0]
        text = text if path.endswith(".git") else f"{path}.git{text[len(path) :]}"
    match = _URL.fullmatch(text)
    if not match or ((match[1] or "").startswith("http") and not match[2].endswith(".git")):
        return None
    end = match.start(3) - 1 if match[3] is not None else match.start(4) - 1 if match[4] is not None else len(text)
    ref, _, subdir = unquote(match[4] or "").partition(":")
    repository = _with_query(Repository(text[:end], ref, subdir.strip("/")), match[3] or "", text)
    if repository.ref.startswith("-") or "\0" in text:
        raise _bad(text, f"{repository.ref!r} is no name of a branch, tag or commit")
    return repository


def checkout(repository: Repository, folder: str) -> str:
    """Fills the empty `folder`; returns the folder in it that is the context. Raises ContextError `git-missing`,
    `git-failed`, `checksum-mismatch`, `no-context`."""
    git = _Git(folder, repository.remote)
    git("init", "--quiet")
    git("remote", "add", "origin", repository.remote)
    commit = _fetch(git, repository)
    if not commit.startswith(repository.checksum):
        message = f"{shown(repository.remote)} has commit {commit} there, not {repository.checksum}"
        raise ContextError("checksum-mismatch", message, hint="the branch or tag has moved")
    git("checkout", "--quiet", "--force", commit)
    if repository.submodules and os.path.exists(f"{folder}/.gitmodules"):
        git("submodule", "update", "--quiet", "--init", "--recursive")
    seconds = int(git("log", "-1", "--format=%ct"))
    if not repository.keep_git_dir:
        _remove_git_folders(folder)
    root = os.path.realpath(f"{folder}/{repository.subdir}")
    if not os.path.isdir(root) or os.path.commonpath([root, os.path.realpath(folder)]) != os.path.realpath(folder):
        raise ContextError("no-context", f"{shown(repository.remote)} has no folder {repository.subdir!r}")
    for above, folders, names in os.walk(root):
        for name in (".", *folders, *names):
            os.utime(os.path.join(above, name), (seconds, seconds), follow_symlinks=False)
    return root


def _fetch(git: _Git, repository: Repository) -> str:
    """The commit, which is here afterwards. A server that gives no single commit, or none without its history, is
    asked for everything."""
    wanted = repository.ref or "HEAD"
    failures: list[ContextError] = []
    for depth in (["--depth=1"], []):
        try:
            git("fetch", "--quiet", "--no-tags", *depth, "--", "origin", wanted)
            return git("rev-parse", "--verify", "FETCH_HEAD^{commit}").strip()
        except ContextError as error:
            failures.append(error)
    if not _PARTIAL.fullmatch(wanted):
        raise failures[-1]
    git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    return git("rev-parse", "--verify", f"{wanted}^{{commit}}").strip()


class _Git:
    def __init__(self, folder: str, remote: str) -> None:
        self._folder = folder
        self._remote = remote

    def __call__(self, *words: str) -> str:
        """What it prints. Raises ContextError with what it says of a failure."""
        import subprocess

        environment = os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "LC_ALL": "C"}
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # those of a hook that builds
            environment.pop(name, None)
        environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
        try:
            done = subprocess.run(
                ["git", *_SAFE, "-C", self._folder, *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                umask=0o022,
            )
        except FileNotFoundError as error:
            raise ContextError("git-missing", "git is not installed", hint="install git for git contexts") from error
        if done.returncode:
            said = shown(done.stderr.decode(errors="replace").strip()).splitlines() or ["no reason given"]
            message = f"git cannot {words[0]} {shown(self._remote)}: {said[-1].removeprefix('fatal: ')}"
            raise ContextError("git-failed", message, hint="check the URL, the name behind # and your access to it")
        return done.stdout.decode()


def _remove_git_folders(folder: str) -> None:
    """Of submodules it is a file that names a folder in the one above."""
    from shutil import rmtree

    rmtree(f"{folder}/.git")
    for above, _, names in os.walk(folder):
        if ".git" in names:
            os.unlink(os.path.join(above, ".git"))


def _with_query(repository: Repository, query: str, text: str) -> Repository:
    given: dict[str, str] = {}
    for name, values in parse_qs(query, keep_blank_values=True).items():
        if name not in _QUERY or len(values) > 1:
            raise _bad(text, f"the query {name!r} is {'there twice' if name in _QUERY else 'unknown'}")
        given[name] = values[0]
    if given.get("mtime", "commit") not in ("commit", "checkout"):
        raise _bad(text, "mtime is commit or checkout")
    refs = {given.get("ref", ""), repository.ref, _full(given, "tag", "tags"), _full(given, "branch", "heads")} - {""}
    subdirs = {given.get("subdir", "").strip("/"), repository.subdir} - {""}
    if len(refs) > 1 or len(subdirs) > 1:
        raise _bad(text, "it names two different refs or folders")
    checksum = given.get("checksum") or given.get("commit", "")
    return repository._replace(
        ref=(refs or {checksum if _COMMIT.fullmatch(checksum) else ""}).pop(),
        subdir=(subdirs or {""}).pop(),
        checksum=checksum,
        keep_git_dir=_flag(given, "keep-git-dir", False, text),
        submodules=_flag(given, "submodules", True, text),
    )


def _full(given: dict[str, str], name: str, folder: str) -> str:
    value = given.get(name, "")
    return f"refs/{folder}/{value.removeprefix(f'refs/{folder}/')}" if value else ""


def _flag(given: dict[str, str], name: str, default: bool, text: str) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if value.lower() not in (*_TRUE, *_FALSE, ""):
        raise _bad(text, f"{name} is true or false")
    return value.lower() not in _FALSE


def _bad(text: str, why: str) -> ContextError:
    return ContextError("bad-git-url", f"{shown(text)}: {why}", hint="e.g. https://HOST/NAME.git#BRANCH:FOLDER")
