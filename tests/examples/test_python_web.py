"""A real Debian from Debian's mirror, on which apt-get installs Python in a RUN, and the application runs."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.examples.conftest import Example, enter
from tests.support.cli import Pybuild

pytestmark = [pytest.mark.kernel, pytest.mark.network]


@pytest.fixture
def debian(pybuild: Pybuild, example: Example, debian_base: Path) -> str:
    """The example's folder, its base image imported."""
    pybuild.run("import", str(debian_base), "localhost/debian:bookworm")
    return example("python-web")


@contextmanager
def served(files: Path) -> Iterator[int]:
    """The port of the application, started as the image says."""
    start = enter(files, "/bin/sh", "-c", "cd /srv && exec python3 -m web", user="web")
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/bin:/bin", "PORT": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(start, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as web:
        try:
            assert web.stdout is not None
            said = re.fullmatch(r"listening on port (\d+)\n", web.stdout.readline())
            assert said
            yield int(said[1])
        finally:
            web.terminate()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_application_is_tested_built_and_serves(debian: str, pybuild: Pybuild, tmp_path: Path) -> None:
    files = pybuild.files(debian, into=tmp_path / "files")
    assert (files / "srv/tests-passed").read_text() == "passed\n"
    with served(files) as port:
        assert get(port, "/?name=pybuild") == (200, "<h1>Hello, pybuild!</h1>\n")
        assert get(port, "/health") == (200, "well\n")

    pybuild.build("-t", "web:1.0", debian)
    config = json.loads(pybuild.run("inspect", "--format", "json", "web:1.0").stdout)["Config"]
    assert (config["User"], config["StopSignal"], config["Cmd"]) == ("web", "SIGINT", ["python3", "-m", "web"])
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert config["Healthcheck"]["Interval"] == 30_000_000_000

    application = Path(debian, "web/application.py")
    application.write_text(application.read_text().replace("html.escape(name)", "name"))
    failed = pybuild.run("-t", "web:1.1", debian, code=1).stderr
    assert "test_a_name_cannot_carry_markup" in failed
    assert "CACHED" in failed, "apt-get is not run again for a change of the application"
