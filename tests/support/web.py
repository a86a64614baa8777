"""A web server of this machine that remembers what it was asked, and a git daemon."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Page(NamedTuple):
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}


class Asked(NamedTuple):
    path: str
    headers: Mapping[str, str]


class WebServer:
    """`pages` by path: a page, or what makes one of the request. An ETag or a Last-Modified that is asked with is
    answered with 304."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.pages: dict[str, Page | Callable[[Asked], Page]] = {}
        self.asked: list[Asked] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()})
                server.asked.append(asked)
                page = server.pages.get(self.path.partition("?")[0], Page(b"no such page", 404))
                page = page if isinstance(page, Page) else page(asked)
                if _unchanged(asked.headers, page.headers):
                    page = Page(b"", 304, page.headers)
                self.send_response(page.status)
                for key, value in page.headers.items():
                    self.send_header(key, value)
                if "Content-Length" not in page.headers:
                    self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://{host}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _unchanged(asked: Mapping[str, str], served: Mapping[str, str]) -> bool:
    etag, modified = served.get("ETag"), served.get("Last-Modified")
    if etag and "if-none-match" in asked:
        return etag == asked["if-none-match"]
    return bool(modified) and modified == asked.get("if-modified-since")


@contextmanager
def git_daemon(folder: str) -> Generator[str]:
    """The URL below which the repositories in `folder` are served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["git", "daemon", "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}", "--export-all"]
    process = subprocess.Popen(
        [*words, "--reuseaddr", "--informative-errors", "--verbose", folder], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if "Ready to rumble" in line:
                break
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        reader.join()
        process.stderr.close()


def make_repository(folder: str, files: Mapping[str, str], *, when: int = 1_600_000_000, message: str = "x") -> str:
    """Commits `files` on the branch main; returns the commit."""
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/.git"):
        git(folder, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        os.makedirs(os.path.dirname(f"{folder}/{name}") or folder, exist_ok=True)
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message, when=when)
    return git(folder, "rev-parse", "HEAD")


def git(folder: str, *words: str, when: int = 1_600_000_000) -> str:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
           for what, value in (("NAME", "a"), ("EMAIL", "a@b"), ("DATE", f"{when} +0000"))}  # fmt: skip
    env = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", **who}
    return subprocess.run(
        ["git", "-C", folder, *words], env=env, check=True, capture_output=True, text=True
    ).stdout.strip()
