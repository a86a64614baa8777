"""What the cases fetch: files and repositories behind one address that is the same everywhere, since history names it.

A case's `web` is a description (see `materials`) of what is below `URL/CASE/`. An object with `"git": [{...}, ...]`
is a bare repository: each description is one commit on the branch `main`, `"tags"` names commits by their number.
Everything has one time, so that a commit has one id.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.differential.case import Case
from tests.differential.materials import make_files

PORT = 18473
URL = f"http://127.0.0.1:{PORT}"
WHEN = 1_500_000_000


class _Server(ThreadingHTTPServer):
    """Several runs of the tests serve the same files at the same address."""

    allow_reuse_port = True
    request_queue_size = 64


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
        """Says nothing."""


@contextmanager
def serving(cases: Iterable[Case], folder: str) -> Iterator[None]:
    """Serves what the cases fetch; `folder` is filled."""
    for case in cases:
        if case.web:
            make(os.path.join(folder, case.name), case.web)
    with serving_folder(folder, PORT):
        yield


@contextmanager
def serving_folder(folder: str, port: int) -> Iterator[None]:
    """What is in `folder` can be fetched meanwhile."""
    with _Server(("127.0.0.1", port), partial(_Quiet, directory=folder)) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def make(folder: str, description: Mapping[str, Any]) -> None:
    """Fills `folder`, which is new, with files and repositories."""
    os.makedirs(folder)
    plain = {name: what for name, what in description.items() if not (isinstance(what, dict) and "git" in what)}
    make_files(folder, plain)
    for name in plain:
        os.utime(os.path.join(folder, name), (WHEN, WHEN))
    for name in description.keys() - plain.keys():
        _make_repository(os.path.join(folder, name), description[name])


def _make_repository(bare: str, described: Mapping[str, Any]) -> None:
    work = f"{bare}.work"
    os.makedirs(work)
    _git(work, "init", "--quiet", "--initial-branch=main")
    for number, files in enumerate(described["git"]):
        make_files(work, files)
        _git(work, "add", "--all")
        for path, commit in described.get("links", {}).items():
            _git(work, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        _git(work, "commit", "--quiet", "--message", f"commit {number}")
        for tag, at in described.get("tags", {}).items():
            if at == number:
                _git(work, "tag", "--annotate", "--message", tag, tag)
        for branch, at in described.get("branches", {}).items():
            if at == number:
                _git(work, "branch", branch)
    _git(work, "clone", "--quiet", "--bare", work, bare)
    _git(bare, "update-server-info")


def _git(folder: str, *words: str) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@b", f"GIT_{role}_DATE": f"{WHEN} +0000"}
    subprocess.run(["git", "-C", folder, *words], env=env, check=True, capture_output=True)
