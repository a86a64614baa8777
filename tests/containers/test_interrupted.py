"""A `run` or `create` that a signal interrupts before its process is attached leaves nothing."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from builder.cli.containers import nothing_left
from builder.containers.create import Asked, create_container, new_identifier
from builder.containers.network.connect import TUNNEL
from builder.containers.start import start_container
from builder.containers.types import MountPoint, Settings
from builder.wiring.containers import container_tools
from tests.containers.test_run import NONE, listed, until
from tests.support.cli import Pybuild

DATA = MountPoint("volume", "/data", anonymous=True)


def left_in(box: Pybuild) -> list[str]:
    """In the store, and of processes: each has the marker in its environment."""
    marker = f"LEFT_IN={box.root}".encode()
    found = []
    for number in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if marker in Path(f"/proc/{number}/environ").read_bytes():
                found.append(f"process {number}: {Path(f'/proc/{number}/cmdline').read_bytes()!r}")
    mounts = Path("/proc/self/mountinfo").read_text()
    return [
        *found,
        *os.listdir(box.root / "containers"),
        *os.listdir(box.root / "volumes"),
        *(line for line in mounts.splitlines() if str(box.root) in line),
    ]


def begun(box: Pybuild, *args: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        box.argv(*args),
        cwd=box.cwd,
        env=box.environment({"LEFT_IN": str(box.root), **env}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupt(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    return errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_while_the_image_is_pulled(box: Pybuild, number: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/app:1.0"
        process = begun(box, "run", "--rm", *NONE, name)
        with closing(silent.accept()[0]):
            assert interrupt(process, number).endswith("pybuild: interrupted\n")
    until(lambda: left_in(box) == [])


@pytest.fixture
def hanging(tmp_path: Path) -> tuple[str, Path]:
    """A PATH on which the program of the network never gets ready, and the file that it makes as it begins."""
    if not os.access(TUNNEL, os.R_OK | os.W_OK):
        pytest.skip(f"{TUNNEL} cannot be opened")
    program = tmp_path / "bin/slirp4netns"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n: > {tmp_path}/began\nsleep 1000 & wait\n")
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}", tmp_path / "began"


@pytest.mark.parametrize("options", [("--rm",), (), ("-d",), ("--rm", "-d")])
def test_while_its_network_is_set_up(box: Pybuild, hanging: tuple[str, Path], options: tuple[str, ...]) -> None:
    path, began = hanging
    command = ("run", *options, "--network", "private", "-v", "/data", "--cidfile", "id", "base", "true")
    process = begun(box, *command, PATH=path)
    until(began.exists)
    interrupt(process)
    assert left_in(box) == []
    assert not (box.cwd / "id").exists()


def test_what_is_beginning_is_removed_by_force_at_once(box: Pybuild, hanging: tuple[str, Path]) -> None:
    path, began = hanging
    process = begun(box, "run", "--name", "slow", "--network", "private", "base", "true", PATH=path)
    until(began.exists)
    box.run("rm", "-f", "slow")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 125
    assert "was killed before it ran" in errors
    assert left_in(box) == []


@pytest.mark.parametrize("runs", [False, True])
def test_between_the_steps(box: Pybuild, runs: bool) -> None:
    """As a signal does it that comes before they are the process's."""
    identifier, args = new_identifier(), argparse.Namespace(rm=False, cidfile=None)
    asked = Asked("base", ("sleep", "1000"), network="none", mounts=(DATA,), settings=Settings())
    before = signal.getsignal(signal.SIGINT)
    with container_tools(str(box.root)) as tools:

        def interrupted() -> None:
            with nothing_left(identifier, tools, args):
                container = create_container(asked, identifier, tools)
                if runs:
                    start_container(container, tools).close()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert left_in(box) == []
    assert signal.getsignal(signal.SIGINT) is before


def test_with_rm_what_fails_leaves_nothing_either(box: Pybuild) -> None:
    missing = f"type=bind,source={box.cwd}/missing,target=/x"
    box.run("run", *NONE, "--mount", missing, "base", "true", code=125)
    assert listed(box) == []


def test_a_file_for_the_id_that_is_there_already(box: Pybuild) -> None:
    (box.cwd / "id").write_text("of another")
    for command in (("run",), ("create",)):
        done = box.run(*command, "--cidfile", "id", "--network", "none", "base", "true", code=125)
        assert "--cidfile id: the file is there already" in done.stderr
    assert listed(box) == []
    assert (box.cwd / "id").read_text() == "of another"
