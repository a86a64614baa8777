"""Git repositories as trees of files: a ref is asked for its commit first, and only an unknown commit is fetched.

    FOLDER/HASH.git     what was fetched of one remote, bare, shared by all builds
    FOLDER/HASH.lock    taken while it is read or written

The remote's URL, which may hold a password, is in none of them.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from builder.context.gitprogram import LOCAL, NETWORK, GitFailure, run_git
from builder.errors import ContextError
from builder.layers.paths import open_beneath
from builder.lean import sha256_hex
from builder.model.gitreference import GitReference, is_commit
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.trees import remove_tree

_HEAD = re.compile(r"ref: (refs/heads/\S+)\tHEAD")
_SAYS_NOTHING = ("Please make sure you have", "and the repository exists")
"""Git's own advice, which hides what ssh has said."""
_LONGEST_SOCKET = 100
"""What fits into an address of the kernel's, about."""
_WHOLE_TOKEN_HOSTS = ("https://github.com/", "https://www.github.com/")
"""Where one token is good for every repository, submodules above all."""


class Commit(NamedTuple):
    """What a reference means at the moment."""

    id: str
    """The commit itself, never a tag's object."""
    object: str
    """What the ref points to: the commit, or an annotated tag of it. For a full commit id as ref, that."""
    ref: str
    """Full name of the ref, or the commit id that was given as one."""


class GitCache:
    """Safe to share between threads and processes."""

    def __init__(
        self,
        folder: str,
        secret: Callable[[str], bytes | None] = lambda _: None,
        *,
        ssh_agent: str = "",
        allow_file: bool = False,
    ) -> None:
        """`secret` is asked for GIT_AUTH_TOKEN and GIT_AUTH_HEADER, each alone and followed by `.host`.
        `ssh_agent` is its socket. Only with `allow_file` do repositories of this machine count (`file://`)."""
        self._folder = folder
        self._secret = secret
        self._agent = ssh_agent
        self._protocols = f"{NETWORK}:{LOCAL}" if allow_file else NETWORK
        with storing(folder):
            os.makedirs(folder, 0o700, exist_ok=True)

    def resolve(self, wanted: GitReference) -> Commit:
        """The commit, by one question to the remote or none. Raises ContextError `checksum-mismatch`, `no-such-ref`,
        `fetch-failed`, `no-git`."""
        if is_commit(wanted.ref):
            if not wanted.ref.startswith(wanted.checksum):
                raise _other_commit(wanted, wanted.ref)
            return Commit(wanted.ref, wanted.ref, wanted.ref)
        if wanted.fetch_by_commit:
            return _by_checksum(wanted)
        commit = self._ask(wanted)
        if not any(found.startswith(wanted.checksum) for found in (commit.object, commit.id)):
            raise _other_commit(wanted, " or ".join(dict.fromkeys((commit.object, commit.id))))
        return commit

    def commit_time(self, wanted: GitReference, commit: Commit) -> int:
        """When it was committed, in seconds. Fetches it if it is not here."""
        bare, lock = self._place(wanted)
        try:
            with lock:
                self._fetch(wanted, commit, bare)
                return _commit_time(bare, f"{commit.object}^{{commit}}")
        except GitFailure as error:
            raise self._failed(wanted, error) from error

    def checkout(self, wanted: GitReference, commit: Commit, into: str) -> str:
        """Fetches the commit if it is not here, and writes its files below the empty directory `into`; all have the
        time of the commit, modes are 0644 and 0755. Returns the directory with the part that is wanted, below `into`.
        `.git` is there only where it is to be kept, and never together with a subdir."""
        bare, lock = self._place(wanted)
        keep = bool(wanted.keep_git_dir) and not _clean(wanted.subdir)
        try:
            with lock:
                self._fetch(wanted, commit, bare)
                found = run_git("--git-dir", bare, "rev-parse", "--verify", f"{commit.object}^{{commit}}")
                modules = wanted.submodules and run_git("--git-dir", bare, "ls-tree", found, ".gitmodules")
                if keep or modules:
                    self._work_tree(wanted, commit, bare, into)
                else:
                    _files_only(bare, found, into)
                time = _commit_time(bare, found)
            if modules:
                self._submodules(wanted, into)
        except GitFailure as error:
            raise self._failed(wanted, error) from error
        with storing(into):
            if keep:
                _make_repeatable(into)
            else:
                _drop_git(into)
            _set_times(into, time)
        return _below(into, wanted)

    def _place(self, wanted: GitReference) -> tuple[str, FileLock]:
        """The remote's repository here, and its lock."""
        path = f"{self._folder}/{sha256_hex(os.fsencode(wanted.remote))[:40]}"
        return f"{path}.git", FileLock(f"{path}.lock")

    def _ask(self, wanted: GitReference) -> Commit:
        """What the remote's refs say. Of a branch and a tag with one name the branch counts, as for `git checkout`."""
        ref = wanted.ref
        try:
            if ref:
                answer = self._git(wanted, "ls-remote", "--", wanted.remote, ref, f"{ref}^{{}}")
            else:
                answer = self._git(wanted, "ls-remote", "--symref", "--", wanted.remote, "HEAD")
        except GitFailure as error:
            raise self._failed(wanted, error) from error
        rows = [line.split("\t") for line in answer.split("\n") if line.count("\t") == 1]
        lines = {name: found for found, name in rows}
        if not ref:
            head = _HEAD.search(answer)
            name, found = (head[1] if head else ""), lines.get("HEAD", "")
            tagged = ""
        else:
            name, found, tagged = _matching(ref, lines)
        if not name or not is_commit(found):
            what = f"ref {ref}" if ref else "a default branch"
            hint = "check the part after #, or the query of the URL"
            raise ContextError("no-such-ref", f"repository {wanted.shown} does not contain {what}", hint=hint)
        return Commit(tagged or found, found, name)

    def _fetch(self, wanted: GitReference, commit: Commit, bare: str) -> None:
        """Afterwards the commit is in the repository `bare`: by itself if the server can do that, else with its
        history, else with everything."""
        if not os.path.exists(f"{bare}/HEAD"):
            remove_tree(bare)
            form = ["--object-format=sha256"] if len(commit.object) == 64 else []
            run_git("init", "--quiet", "--bare", "--template=", *form, "--", bare)
        with suppress(GitFailure):
            run_git("--git-dir", bare, "cat-file", "-e", f"{commit.object}^{{commit}}")
            os.utime(bare)  # when it was used last, for who clears up
            return
        with suppress(FileNotFoundError):
            os.unlink(f"{bare}/shallow.lock")  # of a process that was killed: the lock is ours
        one = f"+{commit.object}:refs/pybuild/{commit.object}"
        attempts = (
            ["--depth=1", "--no-tags", "--", wanted.remote, one],
            ["--no-tags", "--", wanted.remote, one],
            ["--no-tags", "--", wanted.remote, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"],
        )
        said = ""
        for words in attempts:
            try:
                self._git(wanted, "--git-dir", bare, "fetch", "--quiet", "--force", *words)
                run_git("--git-dir", bare, "cat-file", "-e", f"{commit.object}^{{commit}}")
                return
            except GitFailure as error:
                said = str(error)
                if not re.search("shallow|depth|not our ref|unadvertised|remote ref|bad object|Not a valid", said):
                    raise
        raise GitFailure(said)

    def _work_tree(self, wanted: GitReference, commit: Commit, bare: str, into: str) -> None:
        """A repository of its own in `into`, as `git clone --depth=1` leaves it."""
        here = ["-C", into]
        form = ["--object-format=sha256"] if len(commit.object) == 64 else []
        run_git(*here, "init", "--quiet", *form)
        pinned = f"refs/pybuild/{commit.object}"
        run_git("--git-dir", bare, "update-ref", pinned, commit.object)
        run_git(*here, "remote", "add", "origin", wanted.shown)
        specs = [f"+{pinned}:{name}" for name in _names_kept(wanted, commit)] or [f"+{pinned}"]
        source = f"file://{os.path.abspath(bare)}"
        run_git(*here, "fetch", "--quiet", "-u", "--no-tags", "--depth=1", "--", source, *specs, protocols=LOCAL)
        run_git(*here, "checkout", "--quiet", "FETCH_HEAD")

    def _submodules(self, wanted: GitReference, into: str) -> None:
        """Fetched anew each time: what a repository says of its submodules is kept nowhere."""
        origin = {"remote.origin.url": wanted.remote}
        self._git(
            wanted, "-C", into, "submodule", "--quiet", "update", "--init", "--recursive", "--depth=1", more=origin
        )

    def _git(self, wanted: GitReference, *words: str, more: Mapping[str, str] | None = None) -> str:
        """`git` with what it may need for the network."""
        config = {**self._authorization(wanted.remote), **(more or {})}
        with _nearby(self._agent) as agent:
            env = {"SSH_AUTH_SOCK": agent} if agent else {}
            return run_git(*words, config=config, protocols=self._protocols, env=env)

    def _authorization(self, remote: str) -> dict[str, str]:
        """Configuration that sends the secret to this remote, which may then not pass it on by a redirect."""
        if not remote.startswith(("http://", "https://")):
            return {}
        host = urlsplit(remote).netloc.rpartition("@")[2]
        for name in (f"GIT_AUTH_HEADER.{host}", f"GIT_AUTH_TOKEN.{host}", "GIT_AUTH_HEADER", "GIT_AUTH_TOKEN"):
            secret = (self._secret(name) or b"").strip()
            if not secret:
                continue
            if "TOKEN" in name:
                secret = b"basic " + base64.b64encode(b"x-access-token:" + secret)
            scope = next((start for start in _WHOLE_TOKEN_HOSTS if remote.startswith(start)), remote)
            header = os.fsdecode(b"Authorization: " + secret)
            return {f"http.{scope}.extraheader": header, f"http.{scope}.followRedirects": "false"}
        return {}

    def _failed(self, wanted: GitReference, error: GitFailure) -> ContextError:
        """What git said, without the URL's password and without secrets."""
        said = str(error).replace(wanted.remote, wanted.shown)
        for header in list(self._authorization(wanted.remote).values())[:1]:
            said = said.replace(header.rpartition(" ")[2], "***")
        hint = "check the URL; for a private repository give a token: --secret id=GIT_AUTH_TOKEN,env=NAME"
        if "Permission denied (" in said:
            hint = "for a private repository give a key or an agent: --ssh default=KEY, or --ssh default"
        if "not allowed" in said:
            hint = "repositories and submodules are fetched by https, http, ssh and git only"
        last = [line for line in said.splitlines() if line.strip() and not line.startswith(_SAYS_NOTHING)][-3:]
        message = f"failed to fetch {wanted.shown}: {'; '.join(last)}"
        return ContextError("fetch-failed", message[:1000], hint=hint)


@contextmanager
def _nearby(socket: str) -> Iterator[str]:
    """A name for the socket that can be connected to, however long the path of its folder is."""
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        yield socket
        return
    folder, name = os.path.split(socket)
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/{os.getpid()}/fd/{fd}/{name}"
    finally:
        os.close(fd)


def _commit_time(bare: str, commit: str) -> int:
    return int(run_git("--git-dir", bare, "log", "-1", "--format=%ct", commit))


def _names_kept(wanted: GitReference, commit: Commit) -> list[str]:
    """The refs that a kept `.git` has, as in BuildKit: a short name is a branch and a tag there, unless it is that of
    an annotated tag."""
    name = wanted.ref or commit.ref.removeprefix("refs/heads/")
    if is_commit(name):
        return []
    if name.startswith("refs/"):
        return [name]
    tag = f"refs/tags/{name}"
    return [tag] if commit.object != commit.id else [f"refs/heads/{name}", tag]


def _by_checksum(wanted: GitReference) -> Commit:
    if not wanted.checksum:
        raise ContextError("bad-git-url", "fetch-by-commit requires a checksum or a commit SHA ref")
    if not is_commit(wanted.checksum):
        raise ContextError(
            "bad-git-url", f"fetch-by-commit requires a full commit SHA checksum, got {wanted.checksum!r}"
        )
    ref = wanted.ref if wanted.ref.startswith("refs/") or not wanted.ref else f"refs/heads/{wanted.ref}"
    return Commit(wanted.checksum, wanted.checksum, ref or wanted.checksum)


def _matching(ref: str, lines: Mapping[str, str]) -> tuple[str, str, str]:
    """Full name, object and, of an annotated tag, commit of the line that `ref` means."""
    tag = f"refs/tags/{ref.removeprefix('refs/tags/')}"
    for name in (f"refs/{ref.removeprefix('refs/')}", f"refs/heads/{ref.removeprefix('refs/heads/')}", tag):
        if name in lines:
            return name, lines[name], lines.get(f"{name}^{{}}", "")
    return "", "", ""


def _other_commit(wanted: GitReference, actual: str) -> ContextError:
    return ContextError(
        "checksum-mismatch",
        f"expected checksum to match {wanted.checksum}, got {actual}",
        hint=f"{wanted.shown} {wanted.ref or '(default branch)'} is another commit than the one that is asked for",
    )


def _files_only(bare: str, commit: str, into: str) -> None:
    index = {"GIT_INDEX_FILE": f"{bare}/checkout.index"}
    run_git("--git-dir", bare, "--work-tree", into, "read-tree", commit, env=index)
    run_git("--git-dir", bare, "--work-tree", into, "-C", into, "checkout-index", "--all", "--force", env=index)


def _make_repeatable(into: str) -> None:
    """Takes from `.git` what differs between two checkouts of one commit: what was fetched when, and what the index
    remembers of this machine's files."""
    run_git("-C", into, "reflog", "expire", "--all", "--expire=now")
    os.unlink(f"{into}/.git/index")
    run_git("-C", into, "read-tree", "HEAD")
    with suppress(FileNotFoundError):
        os.unlink(f"{into}/.git/FETCH_HEAD")


def _drop_git(into: str) -> None:
    """Removes `.git` of the work tree and of its submodules. A tree itself can hold none: git refuses that name."""
    for folder, folders, files in os.walk(into):
        if ".git" in folders:
            folders.remove(".git")
            remove_tree(f"{folder}/.git")
        if ".git" in files:
            os.unlink(f"{folder}/.git")


def _set_times(into: str, time: int) -> None:
    """And the mode of `into` itself, which is whatever folder the caller had."""
    for folder, folders, files in os.walk(into, topdown=False):
        for name in (*files, *folders):
            os.utime(f"{folder}/{name}", (time, time), follow_symlinks=False)
    os.chmod(into, 0o755)  # noqa: S103 - as git makes directories; it is in a folder that is ours alone
    os.utime(into, (time, time))


def _clean(subdir: str) -> str:
    return os.path.normpath(f"/{subdir}").strip("/")


def _below(into: str, wanted: GitReference) -> str:
    """The wanted directory. No symlink leads there: it could lead anywhere."""
    subdir = _clean(wanted.subdir)
    if not subdir:
        return into
    root = os.open(into, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(open_beneath(root, subdir, os.O_PATH | os.O_DIRECTORY, nofollow=True))
    except OSError as error:
        raise ContextError(
            "no-such-subdir",
            f"{wanted.shown} has no directory {subdir} at {wanted.ref or 'its default branch'}: {error.strerror}",
            hint="a subdir is a directory of the repository, and no symlink is on the way",
        ) from error
    finally:
        os.close(root)
    return f"{into}/{subdir}"
