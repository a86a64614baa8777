"""Builds in two processes while a third prunes: nothing in use is lost, and nothing unused survives a full prune."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

SECONDS = float(os.environ.get("PYBUILD_LOAD_SECONDS", "4"))
"""More of it finds more: `PYBUILD_LOAD_SECONDS=60`."""
LOOP = """
import itertools, os, sys, time
from builder.cli.main import main
end, folder, name = float(sys.argv[1]), sys.argv[2], sys.argv[3]
for number in itertools.count():
    if time.time() > end and number > 3:
        break
    with open(f"{folder}/word", "w") as file:
        file.write(f"{name} {number // 2}")  # every second build hits
    code = main(["build", "-q", "-t", f"{name}:{number % 3}", folder])
    run = ["run", "--network", "host", *["--rm"][: number % 2], f"{name}:{number % 3}", "/bin/cat", "/word"]
    code = code or main(run)
    if code or main(["images", "-q"]) or main(["tag", f"{name}:{number % 3}", f"{name}:latest"]):
        sys.exit(f"build {number} of {name} failed")
print("rounds", number, file=sys.stderr)
"""
BUILDFILE = """FROM base AS one
COPY word /word
RUN --mount=type=cache,target=/kept cat /word >> /kept/all; cp /word /copied
FROM base
COPY --from=one /copied /copied
COPY word /
"""


@pytest.fixture
def pybuild(tmp_path: Path, base_tar: Path) -> Pybuild:
    pybuild = Pybuild(tmp_path / "store", tmp_path)
    pybuild.run("import", str(base_tar), "base")
    return pybuild


def test_builds_and_prunes_at_the_same_time(pybuild: Pybuild, tmp_path: Path) -> None:
    end = time.time() + SECONDS
    environment = pybuild.environment({"PYBUILD_ROOT": str(pybuild.root)})
    running = []
    for name in ("left", "right"):
        write(tmp_path / name, {"Buildfile": BUILDFILE})
        command = [pybuild.argv()[0], "-c", LOOP, str(end), str(tmp_path / name), name]
        running.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        )
    prunes = 0
    while prunes < 2 or any(process.poll() is None for process in running):
        pybuild.run("prune", "-f", *(("--keep-storage", "1k") if prunes % 2 else ()))
        prunes += 1
        if prunes == 2:
            assert pybuild.run("store", "check").stdout == "The store is whole.\n", "while all go on"
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], errors
    assert pybuild.run("store", "check").stdout == "The store is whole.\n"
    for name in ("left:latest", "right:latest"):
        pybuild.run(
            "build",
            "-q",
            "-o",
            f"type=local,dest={tmp_path / 'out'}",
            str(write(tmp_path / "use", {"Buildfile": f"FROM {name}\n"})),
        )
        assert (tmp_path / "out" / "copied").read_text() == (tmp_path / "out" / "word").read_text()
    pybuild.run("prune", "-af", "--volumes")
    assert pybuild.run("ps", "-aq").stdout == ""
    assert os.listdir(pybuild.root / "blobs" / "sha256") == []
    for folder in ("snapshots", "tables", "layers", "cachemounts", "plans", "builds", "tmp"):
        assert os.listdir(pybuild.root / folder) == [], folder


def test_a_prune_that_is_killed_leaves_a_whole_store(pybuild: Pybuild, tmp_path: Path) -> None:
    dice = random.Random(3)
    write(tmp_path / "app", {"Buildfile": BUILDFILE, "word": "word"})
    for _ in range(4):
        pybuild.run("build", "-q", "-t", "app:1", str(tmp_path / "app"))
        command = pybuild.argv("prune", "-f", "-a", "--filter", "type=cache", "--filter", "type=snapshots")
        with subprocess.Popen(command, env=pybuild.environment(), stdout=subprocess.DEVNULL) as process:
            time.sleep(dice.uniform(0.15, 0.5))
            process.kill()
        assert pybuild.run("store", "check").stdout == "The store is whole.\n"
    assert pybuild.run("build", "-q", "-t", "app:1", str(tmp_path / "app")).returncode == 0
