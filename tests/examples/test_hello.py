from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES, Example, enter
from tests.support.cli import Pybuild

pytestmark = pytest.mark.kernel


def test_the_image_runs_its_command(example: Example, pybuild: Pybuild, tmp_path: Path) -> None:
    files = pybuild.files(example("hello"), into=tmp_path / "files")
    command = enter(files, "/usr/local/bin/hello", user="nobody")
    said = subprocess.run(command, env={"PATH": f"{os.environ['PATH']}:/usr/sbin"}, stdout=subprocess.PIPE, check=True)
    programs = len(os.listdir(files / "bin"))
    assert said.stdout.decode() == f"Hello, world, from an image with {programs} programs.\n"


def test_the_second_build_is_cached_and_says_so(example: Example, pybuild: Pybuild) -> None:
    folder = example("hello")
    assert "CACHED" not in pybuild.run("-t", "hello:1.0", folder).stderr
    assert "CACHED" in pybuild.run("-t", "hello:1.0", folder).stderr
    assert pybuild.ran("-t", "hello:1.0", folder) == {}


def test_another_greeting_rebuilds_from_its_copy_on(example: Example, pybuild: Pybuild) -> None:
    folder = example("hello")
    pybuild.build(folder)
    with open(f"{folder}/hello.sh", "a", encoding="utf-8") as script:
        script.write("echo Goodbye.\n")
    ran = list(pybuild.ran(folder))
    assert any("COPY" in step for step in ran)
    assert not any("RUN" in step or "ADD" in step for step in ran)


def test_the_configuration_is_that_of_the_buildfile(example: Example, pybuild: Pybuild) -> None:
    pybuild.build("-t", "hello:1.0", example("hello"))
    config = json.loads(pybuild.run("inspect", "--format", "json", "hello:1.0").stdout)["Config"]
    assert (config["User"], config["Cmd"], config["WorkingDir"]) == ("nobody", ["hello"], "/tmp")
    assert "GREETED=world" in config["Env"]
    assert config["Labels"] == {"org.opencontainers.image.title": "hello"}


def test_the_same_programs_give_the_same_base(rootfs: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    subprocess.run([sys.executable, "-I", EXAMPLES / "hello" / "make-rootfs.py", again], check=True)
    assert again.read_bytes() == rootfs.read_bytes()
