"""A network of a container's own, with ports that lead into it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from builder.containers.network.connect import PROGRAMS, TUNNEL
from tests.containers.test_run import until
from tests.containers.test_terminal import TOP
from tests.support.cli import Pybuild

SERVE = """
import http.server, os, sys
os.chdir("/web")
http.server.test(http.server.SimpleHTTPRequestHandler, port=80)
"""


def only(program: str, folder: Path) -> dict[str, str]:
    """An environment in which only this one of the programs is found."""
    others = set(PROGRAMS) - {program}
    folder.mkdir()
    for place in os.environ["PATH"].split(":")[::-1]:
        for name in os.listdir(place) if os.path.isdir(place) else ():
            if name not in others and not (folder / name).is_symlink():
                (folder / name).symlink_to(f"{place}/{name}")
    return {"PATH": str(folder)}


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_a_published_port(box: Pybuild, tmp_path: Path, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if not os.access(TUNNEL, os.W_OK):
        pytest.skip(f"{TUNNEL} cannot be opened")
    env = only(program, tmp_path / "bin")
    (tmp_path / "web").mkdir()
    (tmp_path / "web/page").write_text("served")
    options = [
        "-p",
        "127.0.0.1::80",
        *TOP,
        "-v",
        f"{tmp_path}/web:/web:ro",
        "-u",
        "alice",
        "--add-host",
        "me:host-gateway",
    ]
    box.run("run", "-d", "--name", "web", *options, "base", "/usr/bin/python3", "-uc", SERVE, env=env)
    until(lambda: "Serving" in box.run("logs", "web").stdout)
    address = json.loads(box.run("ps", "--format", "json").stdout)["ports"][0].partition("->")[0]
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request("GET", "/page")
        assert connection.getresponse().read() == b"served"
    files = box.run("exec", "web", "cat", "/etc/hosts", "/etc/resolv.conf", "/proc/net/dev").stdout
    assert "\tme\n" in files
    assert "nameserver" in files
    taken = box.run("run", "--rm", "-p", f"{address}:80", "base", "true", code=125, env=env)
    assert "something else may listen" in taken.stderr


def test_none_and_what_cannot_be(box: Pybuild) -> None:
    devices = box.run("run", "--rm", "--network", "none", "base", "cat", "/proc/net/dev").stdout
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]
    assert "publishes no ports" in box.run("run", "--network", "host", "-p", "80:80", "base", "true", code=125).stderr
