"""Debian's docker-registry, packed into an image and run as people run one."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from builder.containers.network.connect import available
from tests.containers.test_run import until
from tests.examples.conftest import Example
from tests.support.cli import Pybuild, write
from tests.support.guarded import PASSWORD, USER, make_htpasswd

pytestmark = [pytest.mark.kernel, pytest.mark.network]


@pytest.fixture
def address(pybuild: Pybuild, example: Example, debian_base: Path, tmp_path: Path) -> Iterator[str]:
    """Of the registry, which runs in a container and wants logins."""
    if not available():
        pytest.skip("neither pasta nor slirp4netns, or no /dev/net/tun")
    pybuild.run("import", str(debian_base), "localhost/debian:bookworm")
    pybuild.build("-t", "registry:2", example("registry"))
    users = make_htpasswd(tmp_path / "users")
    users.chmod(0o644)
    settings = ["REGISTRY_AUTH=htpasswd", "REGISTRY_AUTH_HTPASSWD_REALM=team", "REGISTRY_AUTH_HTPASSWD_PATH=/users"]
    options = [word for setting in settings for word in ("-e", setting)]
    options += ["-p", "127.0.0.1::5000", "-v", "data:/var/lib/registry", "-v", f"{users}:/users:ro"]
    pybuild.run("run", "-d", "--name", "registry", *options, "registry:2")
    until(lambda: "listening on" in pybuild.run("logs", "registry").stderr)
    yield json.loads(pybuild.run("ps", "--format", "json").stdout)["ports"][0].partition("->")[0]
    pybuild.run("rm", "-fv", "registry")


def catalog(address: str) -> list[str]:
    login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    connection = http.client.HTTPConnection(address, timeout=60)
    with closing(connection):
        connection.request("GET", "/v2/_catalog", headers={"Authorization": f"Basic {login}"})
        repositories: list[str] = json.load(connection.getresponse())["repositories"]
    return repositories


def test_a_private_registry(pybuild: Pybuild, address: str, tmp_path: Path) -> None:
    configuration = f'[registries]\ninsecure = ["{address}"]\n'
    env = {
        "HOME": str(tmp_path),
        "PYBUILD_CONFIG": str(write(tmp_path, {"pybuild.toml": configuration}) / "pybuild.toml"),
    }
    write(tmp_path, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    pybuild.build("-t", "app:1.0", "-f", "Buildfile", ".")
    pybuild.run("tag", "app:1.0", f"{address}/team/app:1.0")
    assert "login" in pybuild.run("push", f"{address}/team/app:1.0", code=1, env=env).stderr
    pybuild.run("login", "-u", USER, "--password-stdin", address, stdin=PASSWORD.encode(), env=env)
    pybuild.run("push", f"{address}/team/app:1.0", env=env)
    assert catalog(address) == ["team/app"]
    pybuild.run("stop", "registry")
    pybuild.run("start", "registry")
    until(lambda: pybuild.run("logs", "registry").stderr.count("listening on") == 2)
    second = Pybuild(tmp_path / "second", tmp_path)
    second.run("pull", f"{address}/team/app:1.0", env=env)
    identifiers = [box.run("images", "-q", f"{address}/team/app").stdout for box in (pybuild, second)]
    assert identifiers[0] == identifiers[1] != ""
