"""Commands say what they wait for, while a registry makes them wait."""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from tests.support.cli import Pybuild, write
from tests.support.layouts import write_layout
from tests.support.proxy import Fault, Proxy, running_proxy
from tests.support.registry import copy_image, running_registry

LATER = Fault(429, (("Retry-After", "2"),))


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Generator[Proxy]:
    """Before a registry that has `app:1`."""
    folder = tmp_path_factory.mktemp("registry")
    write_layout(str(folder / "layout"), [{"file": b"1"}])
    with running_registry(str(folder)) as address, running_proxy(address) as proxy:
        copy_image(f"oci:{folder}/layout:latest", address, "app:1")
        yield proxy


def words(proxy: Proxy) -> str:
    return f"waiting for {proxy.address}: it asked to wait 2 s"


def test_pull_in_lines(pybuild: Pybuild, proxy: Proxy) -> None:
    proxy.fail("GET .*/manifests/", LATER)
    lines = pybuild.run("pull", "--progress", "plain", f"{proxy.address}/app:1").stderr.splitlines()
    assert lines[0] == f"#1 {words(proxy)}"
    assert lines[1].startswith("#1 DONE ")


def test_pull_for_programs(pybuild: Pybuild, proxy: Proxy) -> None:
    proxy.fail("GET .*/manifests/", LATER)
    lines = pybuild.run("pull", "--progress", "rawjson", f"{proxy.address}/app:1").stderr.splitlines()
    first, second = (json.loads(line) for line in lines[:2])
    assert (first["event"], first["title"], first["group"]) == ("task-started", words(proxy), "internal")
    assert (second["event"], second["id"]) == ("task-finished", first["id"])


@pytest.mark.parametrize("command", ["push", "copy"])
def test_the_other_way(pybuild: Pybuild, proxy: Proxy, command: str) -> None:
    name, other = f"{proxy.address}/app:1", f"{proxy.address}/{command}:1"
    pybuild.run("pull", name)
    pybuild.run("tag", name, other)
    proxy.fail("PUT .*/manifests/", LATER)
    images = [other] if command == "push" else [f"store:{name}", other]
    assert words(proxy) in pybuild.run(command, "--progress", "plain", *images).stderr


def test_builds(pybuild: Pybuild, proxy: Proxy) -> None:
    write(pybuild.cwd, {"Buildfile": f"FROM {proxy.address}/app:1\nCOPY Buildfile /\n"})
    proxy.fail("GET .*/manifests/", LATER)
    proxy.fail("PUT .*/manifests/", LATER)
    shown = pybuild.run("build", "--progress", "plain", "--push", "-t", f"{proxy.address}/built:1", ".").stderr
    assert shown.count(words(proxy)) == 2
