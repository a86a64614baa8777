"""Standard streams as they come: closed, full, not waiting."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Pybuild

RUN = ("run", "--rm", "--network", "none", "-i", "base")


def shell(box: Pybuild, line: str, *args: str) -> subprocess.CompletedProcess[str]:
    """`$0 $@` is the command with `args`."""
    return subprocess.run(
        ["sh", "-c", line, *box.argv(*args)], env=box.environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_nobodys(box: Pybuild, number: int) -> None:
    """Its number must not become that of a file of the store, which the container would then read or write."""
    before = sorted(path.name for path in (box.root / "blobs" / "sha256").iterdir())
    done = shell(box, f'"$0" "$@" {number}>&-', *RUN, "sh", "-c", "cat; echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (
        3, "" if number == 1 else "out\n", "" if number == 2 else "err\n",
    )  # fmt: skip
    assert sorted(path.name for path in (box.root / "blobs" / "sha256").iterdir()) == before
    assert box.run("store", "check").stdout == "The store is whole.\n"


def test_output_that_cannot_be_written(box: Pybuild) -> None:
    done = shell(box, '"$0" "$@" > /dev/full', *RUN, "sh", "-c", "echo out; exec sleep 100")
    assert done.returncode == 125
    assert "No space left" in done.stderr
    assert "bug" not in done.stderr
    listed = shell(box, '"$0" "$@" > /dev/full', "images")
    assert (listed.returncode, listed.stderr.splitlines()[0]) == (1, "error: no space is left for what is written")


def test_output_that_does_not_wait(box: Pybuild, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen(
        box.argv(*RUN, "head", "-c", "1000000", "/dev/zero"), env=box.environment(), stdout=writing
    ) as process:
        os.close(writing)
        with open(reading, "rb") as file:
            assert len(file.read()) == 1_000_000
    assert process.returncode == 0


def test_what_is_no_option_of_run_is_not_taken_for_the_command_s_end(box: Pybuild) -> None:
    assert "--nosuch" in box.run("run", "--nosuch", "base", code=125).stderr
    assert "required: IMAGE\n" in box.run("run", code=125).stderr
    assert "required: CONTAINER, COMMAND\n" in box.run("exec", code=125).stderr
