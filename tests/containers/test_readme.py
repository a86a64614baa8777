"""The README's story of a container that becomes an image, run as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.cli import Pybuild
from tests.support.registry import running_registry

ROOT = Path(__file__).parents[2]


def test_from_a_container_to_an_image(tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().partition("### From a container to an image\n")[2]
    [script] = re.findall(r"```sh\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    example = tmp_path / "examples/hello"
    example.mkdir(parents=True)
    for name in ("Buildfile", "hello.sh"):
        (example / name).write_bytes((ROOT / "examples/hello" / name).read_bytes())
    make = str(ROOT / "examples/hello/make-rootfs.py")
    subprocess.run([sys.executable, "-I", make, str(example / "rootfs.tar")], check=True)
    pybuild = Pybuild(tmp_path / "store", tmp_path)
    program = tmp_path / "bin/pybuild"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m builder "$@"\n')
    program.chmod(0o755)
    with running_registry(str(tmp_path / "registry")) as address:
        env = pybuild.environment({"PATH": f"{program.parent}:{os.environ['PATH']}", "PYBUILD_ROOT": str(pybuild.root)})
        command = ["sh", "-exc", script.replace("localhost:5000", address)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    changes = ["C /etc", "A /etc/motd", "D /etc/programs"]
    at = lines.index(changes[0])
    assert lines[at : at + 3] == changes
    assert lines.count("changed") == 2
    push = done.stdout.partition("changed\n")[2]
    assert push.count("Pushed") == 2, f"the configuration and one layer: {push}"
    assert push.count("Layer already exists") >= 2
