"""What goes wrong is said, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, damaged_blobs, write


def leftovers(root: Path) -> list[str]:
    return sorted(os.listdir(root / "tmp"))


def mounts_below(root: Path) -> list[str]:
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(root) in line]


def test_a_failing_run_shows_step_output_and_exit_code(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo said; echo shouted >&2; exit 7\n"})
    done = based.run("build", code=1)
    assert "said" in done.stderr
    assert "shouted" in done.stderr
    line = "RUN echo said; echo shouted >&2; exit 7"
    assert f"Buildfile:2: error: the command exited with code 7\n    2 | {line}\n" in done.stderr
    assert leftovers(based.root) == []


@pytest.mark.parametrize(
    ("buildfile", "expected"),
    [
        ("FORM base\n", "Buildfile:1: error: unknown instruction: FORM (did you mean FROM?)"),
        ("FROM base\nCOPY missing /\n", "Buildfile:2: error: 'missing' is not in the build context"),
        ("FROM base\nCOPY --from=nowhere /a /b\n", "Buildfile:2:"),
        ("FROM base\nUSER ghost\nRUN true\n", "ghost"),
        ("FROM a AS b\nFROM b\nCOPY --from=9 / /\n", "Buildfile:3:"),
        ("FROM base\nRUN --mount=type=cache,target=/ true\n", "Buildfile:2:"),
    ],
)
def test_a_users_fault_names_file_and_line(based: Pybuild, buildfile: str, expected: str) -> None:
    write(based.cwd, {"Buildfile": buildfile})
    done = based.run("build", code=1)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_no_process_no_mount_no_half_layer(based: Pybuild, number: int, tmp_path: Path) -> None:
    marker = f"9{random.randrange(10**6):06}"
    write(based.cwd, {"Buildfile": f"FROM base\nRUN echo ready && sleep {marker}\n"})
    process = subprocess.Popen(
        based.argv("build", "--progress", "plain"), cwd=based.cwd, env=based.environment(), stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b"ready" in line and b"echo" not in line:
            break
    process.send_signal(number)
    process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130
    assert subprocess.run(["pgrep", "-f", f"sleep {marker}"], check=False, capture_output=True).returncode == 1
    assert mounts_below(based.root) == []
    assert leftovers(based.root) == []


def test_kill_9_at_random_moments_never_harms_the_store(based: Pybuild) -> None:
    steps = "".join(f"COPY data /d{n}\nRUN echo {n} > /r{n} && cat /d{n}/* > /all{n}\n" for n in range(4))
    write(based.cwd, {"Buildfile": f"FROM base\n{steps}"} | {f"data/f{n}": "x" * 9000 + str(n) for n in range(20)})
    clock = random.Random(7)
    for round_ in range(50):
        write(based.cwd, {"data/f0": str(round_)})
        process = subprocess.Popen(
            based.argv("build", "-q", "-t", "app"), cwd=based.cwd, env=based.environment(), stdout=subprocess.DEVNULL
        )
        try:
            process.wait(clock.uniform(0.02, 0.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        based.run("build", "-q", "-t", "app")
        assert damaged_blobs(based.root) == []
    assert based.ran("-t", "app") == {}
    end = time.monotonic() + 60
    while leftovers(based.root) and time.monotonic() < end:  # a killed build's worker lives a little longer
        based.run("images")
    assert leftovers(based.root) == []


def test_two_builds_at_once_share_a_store(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\n" + "".join(f"RUN echo {n} > /f{n}\n" for n in range(6))})
    command = based.argv("build", "--format", "json", "-t", "app")
    processes = [
        subprocess.Popen(
            command, cwd=based.cwd, env=based.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert all(json.loads(out)["steps"] == 6 for out, _ in outputs)
    assert damaged_blobs(based.root) == []
    assert based.ran("-t", "app") == {}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ('["/nowhere"]', "the command cannot be started: "),
        ("nowhere", "the command exited with code 127"),
        ("sh -c 'kill -9 $$'", "the command exited with code 137"),
    ],
)
def test_how_a_command_failed_is_said(based: Pybuild, command: str, said: str) -> None:
    write(based.cwd, {"Buildfile": f"FROM base\nRUN {command}\n"})
    assert f"Buildfile:2: error: {said}" in based.run("build", code=1).stderr


@pytest.mark.kernel
def test_an_image_without_a_shell_is_told_as_such(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nRUN echo\n"})
    told = pybuild.run("build", code=1).stderr
    assert 'Buildfile:2: error: the command cannot be started: exec: "/bin/sh"' in told
    assert "hint: the image has not got it" in told


@pytest.mark.parametrize("command", [("build",), ("build", "."), ("build", "-f", "Buildfile", "/"), ("images",)])
def test_a_working_directory_that_was_removed(pybuild: Pybuild, command: tuple[str, ...]) -> None:
    gone = pybuild.cwd / "gone"
    gone.mkdir()
    line = ["sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "-", *pybuild.argv(*command)]
    done = subprocess.run(line, cwd=pybuild.cwd, env=pybuild.environment(), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if command == ("images",) else 2)
    assert command == ("images",) or "the current directory was removed" in done.stderr


def test_a_buildfile_beyond_any_size_is_refused_not_cut(pybuild: Pybuild) -> None:
    with (pybuild.cwd / "Buildfile").open("wb") as file:
        file.write(b"FROM scratch\nCOPY a /\n")
        file.truncate((64 << 20) + 1)
    assert "64 MiB" in pybuild.run("build", code=1).stderr
    with (pybuild.cwd / "Buildfile").open("rb") as file:
        done = subprocess.run(
            pybuild.argv("build", "-f", "-", "."),
            cwd=pybuild.cwd,
            env=pybuild.environment(),
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, "64 MiB" in done.stderr) == (1, True)
