"""Contexts and Buildfiles behind http URLs."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.integration.test_inputs import FILES, tar_of
from tests.support.cli import Pybuild, write


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
        """Says nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A URL, and the folder whose files are below it."""
    folder = tmp_path / "web"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def test_a_tar(pybuild: Pybuild, web: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = web
    write(pybuild.cwd, FILES | {"sub/Other": "FROM scratch\nCOPY one /other\n"})
    (folder / "app").write_bytes(gzip.compress(tar_of(pybuild.cwd)))
    assert pybuild.ran(".")
    assert pybuild.ran(f"{url}/app") == {}, "the same files hit"
    assert os.listdir(pybuild.files("-f", "sub/Other", f"{url}/app", into=tmp_path / "out")) == ["other"]
    write(pybuild.cwd, {"Mine": "FROM scratch\nCOPY one /mine\n"})
    out = pybuild.files("-f", str(pybuild.cwd / "Mine"), f"{url}/app", into=tmp_path / "out2")
    assert os.listdir(out) == ["mine"]


def test_a_buildfile_is_the_only_file_of_its_context(pybuild: Pybuild, web: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = web
    text = "FROM scratch\nCOPY . /all/\n"
    (folder / "plain").write_text(text)
    out = pybuild.files(f"{url}/plain", into=tmp_path / "out")
    assert (out / "all" / "context").read_text() == text
    assert (out / "all" / "context").stat().st_mode & 0o777 == 0o600


def test_a_buildfile_for_a_folder(pybuild: Pybuild, web: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = web
    (folder / "plain").write_text("FROM scratch\nCOPY one /here\n")
    write(pybuild.cwd, {"one": "1"})
    assert os.listdir(pybuild.files("-f", f"{url}/plain", ".", into=tmp_path / "out")) == ["here"]


def test_a_named_context_is_the_file(pybuild: Pybuild, web: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = web
    write(pybuild.cwd, FILES | {"Buildfile": "FROM scratch\nCOPY --from=app context /got\n"})
    (folder / "app.tar").write_bytes(tar_of(pybuild.cwd))
    out = pybuild.files("--build-context", f"app={url}/app.tar", ".", into=tmp_path / "out")
    assert (out / "got").read_bytes() == (folder / "app.tar").read_bytes()


def test_faults(pybuild: Pybuild, web: tuple[str, Path]) -> None:
    url, folder = web
    (folder / "plain").write_text("FROM scratch\n")
    (folder / "empty.tar.gz").write_bytes(b"\x1f\x8b\x08no")
    assert "status 404" in pybuild.run("build", f"{url}/nothing", code=1).stderr
    assert "cannot be the context" in pybuild.run("build", f"{url}/empty.tar.gz", code=1).stderr
    assert "names another" in pybuild.run("build", "-f", "Other", f"{url}/plain", code=2).stderr
    said = pybuild.run("build", "http://user:hidden@127.0.0.1:1/x", code=1).stderr
    assert "cannot be fetched" in said
    assert "hidden" not in said
