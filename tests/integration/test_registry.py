"""Images to registries and back through the command, watched by a counting proxy before a real registry."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, damaged_blobs, write
from tests.support.proxy import Exchange, Fault, Proxy, running_proxy
from tests.support.registry import REGISTRIES, running_registry

LAYER = 3_000_000


@pytest.fixture(scope="module", params=REGISTRIES)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with REGISTRIES[request.param](str(tmp_path_factory.mktemp("registry"))) as address:
        yield address


@pytest.fixture
def proxy(registry: str) -> Generator[Proxy]:
    with running_proxy(registry) as proxy:
        yield proxy


def noise(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(os.urandom(LAYER))


def bodies(exchanges: list[Exchange]) -> int:
    """Bytes of requests that are no manifests."""
    return sum(exchange.sent for exchange in exchanges if "/manifests/" not in exchange.path)


def lines(exchanges: list[Exchange]) -> list[str]:
    return [exchange.line for exchange in exchanges]


def test_pushing_again_sends_a_manifest_and_nothing_else(pybuild: Pybuild, proxy: Proxy) -> None:
    name = f"{proxy.address}/again/app:1"
    noise(pybuild.cwd, "a", "b")
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY a /\nCOPY b /\n"})
    pybuild.build("-t", name)
    first = pybuild.run("push", name)
    assert first.stdout.count(": Pushed\n") == 3
    assert bodies(proxy.take()) > 2 * LAYER

    digest = json.loads(pybuild.run("push", "--format", "json", name).stdout)["digest"]
    again = proxy.take()
    assert lines(again) == [f"HEAD /v2/again/app/manifests/{digest}", "PUT /v2/again/app/manifests/1"]
    assert bodies(again) == 0

    noise(pybuild.cwd, "b")
    pybuild.build("-t", name)
    changed = pybuild.run("push", name)
    assert changed.stdout.count(": Layer already exists\n") == 1
    assert LAYER < bodies(proxy.take()) < LAYER + 10_000


def test_a_base_of_the_same_registry_is_mounted(pybuild: Pybuild, proxy: Proxy, tmp_path: Path) -> None:
    base, app = f"{proxy.address}/mount/base:1", f"{proxy.address}/mount/app:1"
    noise(pybuild.cwd, "big")
    write(pybuild.cwd, {"base": "FROM scratch\nCOPY big /\n", "app": f"FROM {base}\nCOPY small /\n", "small": "1"})
    pybuild.build("-f", "base", "-t", base)
    pybuild.run("push", base)
    other = Pybuild(tmp_path / "other", pybuild.cwd)
    other.build("-f", "app", "-t", app)
    proxy.take()
    assert "Mounted" in other.run("push", app).stdout
    passed = proxy.take()
    assert bodies(passed) < 10_000
    assert [exchange.status for exchange in passed if "mount=" in exchange.path] == [201]


@pytest.mark.parametrize(
    ("copy", "parts"),
    [("COPY --link small b.txt /etc/", 0), ("COPY small b.txt /etc/\nWORKDIR /etc/deep\nCOPY small .", 2)],
    ids=["independent", "placed"],
)
def test_a_base_that_no_step_reads_is_never_downloaded(
    pybuild: Pybuild, proxy: Proxy, tmp_path: Path, copy: str, parts: int
) -> None:
    """`parts`: how many layers of the base tell what they hold."""
    base, app = f"{proxy.address}/lazy/big:1", f"{proxy.address}/lazy/app:1"
    noise(pybuild.cwd, "big")
    write(pybuild.cwd, {"base": "FROM scratch\nCOPY big /\nWORKDIR /etc\n", "small": "1", "b.txt": "2"})
    pybuild.run("build", "-f", "base", "-t", base, "--push")
    proxy.take()
    write(pybuild.cwd, {"app": f"FROM {base}\nENV A=1\n{copy}\nLABEL b=2\n"})
    other = Pybuild(tmp_path / "other", pybuild.cwd)
    result = other.build("-f", "app", "-t", app, "--push")
    passed = proxy.take()
    assert sum(exchange.received for exchange in passed) < 10_000, "manifests and configs"
    assert bodies(passed) < 10_000
    gets = [exchange.path for exchange in passed if exchange.method == "GET" and "/blobs/" in exchange.path]
    assert len(gets) == 1 + parts, "the base's config"
    assert [exchange.status for exchange in passed if "range" in exchange.headers] == [206] * parts
    again = other.build("-f", "app", "-t", app, "--push")
    assert again["cached"] == again["steps"], "what the base says is believed again"
    assert [line for line in lines(proxy.take()) if line.startswith("GET")] == []
    assert sum(path.stat().st_size for path in (tmp_path / "other" / "blobs" / "sha256").iterdir()) < 10_000
    pulled = json.loads(pybuild.run("pull", "--format", "json", app).stdout)
    assert (pulled["digest"], pulled["id"]) == (result["digest"], result["image_id"])
    assert damaged_blobs(pybuild.root) == []


def test_a_base_of_another_registry_goes_through(pybuild: Pybuild, proxy: Proxy, tmp_path: Path) -> None:
    with running_registry(str(tmp_path / "second")) as second:
        base, app = f"{second}/through/big:1", f"{proxy.address}/through/app:1"
        noise(pybuild.cwd, "big")
        write(pybuild.cwd, {"base": "FROM scratch\nCOPY big /\n", "app": f"FROM {base}\nCOPY --link base /etc/\n"})
        pybuild.run("build", "-f", "base", "-t", base, "--push")
        other = Pybuild(tmp_path / "other", pybuild.cwd)
        other.build("-f", "app", "-o", f"type=image,name={app},push=true,push-by-digest=true")
        passed = proxy.take()
        assert LAYER < bodies(passed) < LAYER + 10_000
        named = [
            item.path.rpartition("/")[2]
            for item in passed
            if item.line.startswith("PUT") and "/manifests/" in item.path
        ]
        assert [name.partition(":")[0] for name in named] == ["sha256"], "no tag"


def test_several_platforms_are_one_name(pybuild: Pybuild, proxy: Proxy, tmp_path: Path) -> None:
    name = f"{proxy.address}/index/app:1"
    write(
        pybuild.cwd, {"Buildfile": "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /arch\n", "amd64": "a", "arm64": "b"}
    )
    result = pybuild.build("-t", name, "--platform", "linux/amd64,linux/arm64")
    pybuild.run("push", name)
    inspected = subprocess.run(
        ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}"], check=True, capture_output=True
    )
    platforms = [entry["platform"]["architecture"] for entry in json.loads(inspected.stdout)["manifests"]]
    assert platforms == ["amd64", "arm64"]
    other = Pybuild(tmp_path / "other", pybuild.cwd)
    pulled = json.loads(other.run("pull", "--format", "json", "--platform", "linux/arm64", name).stdout)
    assert pulled["digest"] == result["digest"]
    assert json.loads(other.run("inspect", "--format", "json", name).stdout)["Architecture"] == "arm64"
    assert "it has: linux/amd64" in pybuild.run("pull", "--platform", "linux/s390x", name, code=1).stderr
    done = other.run("push", name)
    assert "1 other platforms of the image are not in the store" in done.stderr


def test_all_tags(pybuild: Pybuild, proxy: Proxy, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    repository = f"{proxy.address}/tags/app"
    pybuild.build("-t", f"{repository}:a", "-t", f"{repository}:b", "-t", "other:c")
    pybuild.run("push", "-a", repository)
    assert pybuild.run("tags", repository).stdout.split() == ["a", "b"]
    assert "tags/app" in pybuild.run("catalog", proxy.address).stdout.split()
    other = Pybuild(tmp_path / "other", pybuild.cwd)
    assert other.run("pull", "-a", "-q", repository).stdout.split() == [f"{repository}:a", f"{repository}:b"]
    assert "all-tags" in pybuild.run("push", "-a", f"{repository}:a", code=1).stderr
    assert "has no image of" in pybuild.run("push", "-a", f"{proxy.address}/tags/none", code=1).stderr
    assert "digest" in pybuild.run("push", f"{repository}@sha256:{'0' * 64}", code=1).stderr


def test_docker_schema_2_from_skopeo(pybuild: Pybuild, registry: str, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY Buildfile /\n"})
    pybuild.run("build", "-o", f"type=docker,dest={tmp_path}/app.tar", "-t", "app:1")
    name, copy = f"{registry}/schema2/app:1", f"{registry}/schema2/copy:1"
    words = ["--quiet", "--format", "v2s2", "--dest-tls-verify=false", f"docker-archive:{tmp_path}/app.tar"]
    subprocess.run(["skopeo", "copy", *words, f"docker://{name}"], check=True, capture_output=True)
    digest = json.loads(pybuild.run("pull", "--format", "json", name).stdout)["digest"]
    value = json.loads(pybuild.run("inspect", "--format", "json", name).stdout)
    assert value["Manifest"]["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    pybuild.run("tag", name, copy)
    assert json.loads(pybuild.run("push", "--format", "json", copy).stdout)["digest"] == digest


@pytest.mark.parametrize("what", ["pull", "push"])
def test_an_interrupt_leaves_nothing(pybuild: Pybuild, proxy: Proxy, tmp_path: Path, what: str) -> None:
    name = f"{proxy.address}/interrupt/{what}:1"
    noise(pybuild.cwd, "a", "b", "c")
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY a /\nCOPY b /\nCOPY c /\n"})
    if what == "pull":
        pybuild.run("build", "-t", name, "--push")
        proxy.fail("GET .*/blobs/", *[Fault(drip_s=0.1)] * 20)
        command = Pybuild(tmp_path / "other", pybuild.cwd)
    else:
        pybuild.build("-t", name)
        proxy.fail("POST", *[Fault(202, (("Location", "/slow"),), drip_s=0.1)] * 20)
        command = pybuild
    with subprocess.Popen(command.argv(what, name), env=command.environment(), stderr=subprocess.PIPE) as process:
        assert proxy.met.wait(60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"interrupted" in errors
    assert list((command.root / "tmp").iterdir()) == []
    assert damaged_blobs(command.root) == []


@pytest.mark.kernel
def test_an_interrupted_build_does_not_wait_for_its_base(
    pybuild: Pybuild, base_tar: Path, proxy: Proxy, tmp_path: Path
) -> None:
    base = f"{proxy.address}/interrupt/base:1"
    write(pybuild.cwd, {"Buildfile": f"FROM {base}\nRUN true\n"})
    pybuild.run("import", str(base_tar), base)
    pybuild.run("push", base)
    layer = json.loads(pybuild.run("inspect", "--format", "json", base).stdout)["Manifest"]["layers"][0]["digest"]
    proxy.fail(f"GET .*{layer}", *[Fault(drip_s=0.1)] * 20)
    other = Pybuild(tmp_path / "other", pybuild.cwd)
    command = other.argv("-t", "x")
    with subprocess.Popen(command, env=other.environment(), cwd=other.cwd, stderr=subprocess.PIPE) as build:
        assert proxy.met.wait(60)
        build.send_signal(signal.SIGINT)
        build.communicate(timeout=60)
    assert build.returncode == 130
    assert list((other.root / "tmp").iterdir()) == []


def test_a_push_without_a_name_is_refused_before_anything_is_built(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY nothing /\n"})
    assert "a tag is needed" in pybuild.run("build", "--push", code=2).stderr
