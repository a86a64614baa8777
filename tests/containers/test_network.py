"""A network of a container's own, with ports that lead into it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
from contextlib import closing
from pathlib import Path

import pytest

from builder.containers.network.connect import PROGRAMS, TUNNEL
from builder.containers.network.ports import with_numbers
from builder.containers.types import Port
from tests.containers.test_run import listed, until
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


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if not os.access(TUNNEL, os.W_OK):
        pytest.skip(f"{TUNNEL} cannot be opened")


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_a_published_port(box: Pybuild, tmp_path: Path, program: str) -> None:
    needs(program)
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
    port = address.rpartition(":")[2]
    for ports in (["-p", f"{address}:80"], ["-p", f"{port}:80"], ["-p", "127.0.0.1::81", "-p", f"{port}:80"]):
        taken = box.run("run", "--rm", *ports, "base", "true", code=125, env=env)
        assert f":{port}/tcp for the container: Address already in use" in taken.stderr


SERVE_IPV6 = """
import socket
with socket.create_server(("::", 80), family=socket.AF_INET6) as server:
    print("up")
    server.accept()[0].sendall(b"served")
"""


def test_a_port_on_an_ipv6_address(box: Pybuild, tmp_path: Path) -> None:
    """Where both programs are there, the one that can is taken; the other says that it cannot."""
    for program in PROGRAMS:
        needs(program)
    command = ["-p", "[::1]::80", *TOP, "base", "/usr/bin/python3", "-uc", SERVE_IPV6]
    refused = box.run("run", "--rm", *command, code=125, env=only("slirp4netns", tmp_path / "bin"))
    assert "slirp4netns publishes no port on an IPv6 address" in refused.stderr
    assert "install passt" in refused.stderr
    box.run("run", "-d", "--name", "web", *command)
    until(lambda: "up" in box.run("logs", "web").stdout)
    address = json.loads(box.run("ps", "--format", "json").stdout)["ports"][0].partition("->")[0]
    with socket.create_connection(("::1", int(address.rpartition(":")[2])), timeout=60) as connection:
        assert connection.recv(6) == b"served"
    assert json.loads(box.run("inspect", "web").stdout)[0]["NetworkSettings"]["Ports"]["80/tcp"][0]["HostIp"] == "::1"


def test_ports_that_cannot_be(box: Pybuild) -> None:
    needs("slirp4netns")
    for ports, why in (
        (["8281:80", "8281:81"], "cannot listen on 0.0.0.0:8281/tcp for the container: Address already in use"),
        (["203.0.113.7::80"], "it is no address of this machine"),
        (["8000-8010:80"], "11 ports lead to 1"),
    ):
        options = [word for port in ports for word in ("-p", port)]
        done = box.run("run", "--rm", *options, "base", "true", code=125)
        assert why in done.stderr
    assert listed(box) == []


def test_free_ports_are_all_different() -> None:
    wanted = [Port(number) for number in range(1, 501)]
    assert len({port.host for port in with_numbers(wanted)}) == 500


def test_none_and_what_cannot_be(box: Pybuild) -> None:
    devices = box.run("run", "--rm", "--network", "none", "base", "cat", "/proc/net/dev").stdout
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]
    assert "publishes no ports" in box.run("run", "--network", "host", "-p", "80:80", "base", "true", code=125).stderr
