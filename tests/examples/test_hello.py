from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES, Pybuild, run_in

pytestmark = pytest.mark.kernel

Example = Callable[[str], Path]


def test_the_image_runs_its_command(example: Example, pybuild: Pybuild, tmp_path: Path) -> None:
    pybuild("-o", tmp_path / "files", example("hello"))
    programs = len(os.listdir(tmp_path / "files" / "bin"))
    said = run_in(tmp_path / "files", "hello", user="nobody")
    assert said == f"Hello, world, from an image with {programs} programs.\n"


def test_the_second_build_is_cached_and_says_so(example: Example, pybuild: Pybuild) -> None:
    folder = example("hello")
    first = pybuild("-t", "hello:1.0", folder).stderr
    second = pybuild("-t", "hello:1.0", folder).stderr
    assert "CACHED" not in first
    steps_with_files = 4  # ADD, RUN, COPY, WORKDIR
    assert second.count("CACHED") >= steps_with_files


def test_the_configuration_is_that_of_the_buildfile(example: Example, pybuild: Pybuild) -> None:
    pybuild("-t", "hello:1.0", example("hello"))
    config = json.loads(pybuild("inspect", "--format", "json", "hello:1.0").stdout)["Config"]
    assert (config["User"], config["Cmd"], config["WorkingDir"]) == ("nobody", ["hello"], "/tmp")
    assert "GREETED=world" in config["Env"]
    assert config["Labels"] == {"org.opencontainers.image.title": "hello"}


def test_the_same_programs_give_the_same_base(rootfs: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.tar"
    subprocess.run([sys.executable, "-I", EXAMPLES / "hello" / "make-rootfs.py", again], check=True)
    assert again.read_bytes() == rootfs.read_bytes()
