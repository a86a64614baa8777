"""Where FROM and COPY --from find images."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.registry import copy_image, running_registry


@pytest.fixture
def exported(based: Pybuild, tmp_path: Path) -> dict[str, str]:
    """The same base as each kind of file, by the spelling that FROM knows it under."""
    write(based.cwd, {"Buildfile": "FROM base\nENV KIND=file\n"})
    oci, docker, layout = tmp_path / "oci.tar", tmp_path / "docker.tar", tmp_path / "layout"
    based.run("build", "-t", "b:1", "-o", f"type=oci,dest={oci}", "-o", f"type=docker,dest={docker}")
    based.run("build", "-t", "b:1", "-o", f"type=oci,dest={layout},tar=false")
    return {
        "layout": f"oci:{layout}",
        "archive": f"oci-archive:{oci}",
        "docker": f"docker-archive:{docker}",
    }


@pytest.mark.parametrize("kind", ["layout", "archive", "docker"])
def test_bases_in_files(exported: dict[str, str], tmp_path: Path, kind: str) -> None:
    fresh = Pybuild(
        tmp_path / "fresh", write(tmp_path / "other", {"Buildfile": "ARG B\nFROM $B\nRUN echo $KIND > /k\n"})
    )
    files = fresh.files("--build-arg", f"B={exported[kind]}", into=tmp_path / "out")
    assert (files / "k").read_text() == "file\n"
    assert fresh.ran("--build-arg", f"B={exported[kind]}") == {}


def test_a_base_from_a_registry_is_pulled_once(exported: dict[str, str], tmp_path: Path) -> None:
    with running_registry(str(tmp_path / "registry")) as registry:
        copy_image(f"{exported['layout']}:1", registry, "team/base:1")
        buildfile = (
            f"FROM {registry}/team/base:1\nRUN echo $KIND > /k\nCOPY --from={registry}/team/base:1 /bin/sh /sh\n"
        )
        fresh = Pybuild(tmp_path / "fresh", write(tmp_path / "other", {"Buildfile": buildfile}))
        assert len(fresh.ran("-t", "app")) == 2
        assert fresh.ran("--pull", "-t", "app") == {}
    assert fresh.ran("-t", "app") == {}  # without the registry
    lost = fresh.run("build", "--pull", code=1).stderr
    assert "Buildfile:1: error:" in lost, "the plan is kept, and knows no lines of its bases"
    assert "hint: the store has an image of this name" in lost


def test_a_stage_that_nobody_needs_is_not_looked_for(pybuild: Pybuild) -> None:
    buildfile = "FROM localhost:1/nowhere AS unused\nRUN false\nFROM scratch AS used\nCOPY a /\n"
    write(pybuild.cwd, {"Buildfile": buildfile, "a": "1"})
    assert list(pybuild.ran("--target", "used")) == ["COPY a /"]


def test_a_registry_that_is_not_there_is_said_with_the_line(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch AS a\nFROM localhost:1/nowhere\n"})
    done = pybuild.run("build", code=1)
    assert "Buildfile:2: error:" in done.stderr
    assert "the store has no image localhost:1/nowhere:latest, and localhost:1 does not answer" in done.stderr
    assert "localhost:1" in done.stderr


def test_files_of_an_image_are_copied_without_any_right(exported: dict[str, str], tmp_path: Path) -> None:
    buildfile = f"FROM scratch\nCOPY --from={exported['layout']} /etc/ /bin/sh /x/\n"
    fresh = Pybuild(tmp_path / "fresh", write(tmp_path / "other", {"Buildfile": buildfile}))
    traced = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(traced), "-e", "trace=unshare,mount,clone3,setns,pivot_root"]
    subprocess.run([*command, *fresh.argv("-t", "x")], cwd=fresh.cwd, env=fresh.environment(), check=True)
    assert not [line for line in traced.read_text().splitlines() if "mount(" in line or "NEWUSER" in line]
