"""Into the filesystem of a step: after a failure, and of any step of the last build."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

FAILING = """\
FROM base AS tools
RUN echo tool > /tool
FROM base
ENV COLOUR=red
WORKDIR /work
COPY --from=tools /tool .
RUN echo half > half && rm tool && exit 3
"""
GOOD = FAILING.replace(" && exit 3", "")


@pytest.fixture
def failed(based: Pybuild) -> Pybuild:
    write(based.cwd, {"Buildfile": FAILING})
    based.run("build", code=1)
    return based


def test_a_shell_where_the_command_failed(failed: Pybuild) -> None:
    done = failed.run("debug", stdin=b"pwd; echo $COLOUR; cat half; ls; exit 5\n", code=5)
    assert done.stdout.split() == ["/work", "red", "half", "half"]
    assert "[stage-1 3/3] RUN echo half" in done.stderr
    assert failed.run("debug", "--", "cat", "half").stdout == "half\n"


def test_what_is_done_there_is_not_kept(failed: Pybuild) -> None:
    failed.run("debug", "--", "rm", "half")
    assert failed.run("debug", "--", "ls").stdout == "half\n"
    assert os.listdir(failed.root / "tmp") == []


def test_what_the_failed_step_found(failed: Pybuild) -> None:
    assert failed.run("debug", "--before", "--", "ls").stdout == "tool\n"


@pytest.mark.parametrize(
    ("step", "listed"), [("1", ""), ("2", "tool\n"), (":5", ""), ("tools.1", None), ("3", "half\n")]
)
def test_any_step_of_a_build_that_succeeded(based: Pybuild, step: str, listed: str | None) -> None:
    write(based.cwd, {"Buildfile": GOOD})
    based.run("build")
    if listed is None:
        assert based.run("debug", "--step", step, "--", "cat", "/tool").stdout == "tool\n"
    else:
        assert based.run("debug", "--step", step, "--", "ls", "/work").stdout == listed


def test_the_mounts_of_the_step_are_there(based: Pybuild) -> None:
    write(
        based.cwd,
        {"Buildfile": "FROM base\nRUN --mount=target=/in,source=src cat /in/a && exit 1\n", "src/a": "mounted"},
    )
    based.run("build", code=1)
    assert based.run("debug", "--", "cat", "/in/a").stdout == "mounted"


TWO_FAILING = """\
FROM base AS one
RUN --mount=type=cache,target=/met touch /one /met/one; until [ -e /met/two ]; do sleep 0.01; done; exit 1
FROM base AS two
RUN --mount=type=cache,target=/met touch /two /met/two; until [ -e /met/one ]; do sleep 0.01; done; exit 2
FROM base
COPY --from=one /one /
COPY --from=two /two /
"""


def test_each_of_two_steps_that_failed_at_once_has_its_files(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": TWO_FAILING})
    based.run("build", code=1)
    kept = {path.parent.name.split(".")[0] for path in (based.root / "builds").glob("*.failed/*/*/step.json")}
    for stage, name in (("0", "one"), ("1", "two")):
        if stage in kept:  # the other may have been stopped before it could fail
            assert name in based.run("debug", "--step", f"{name}.1", "--", "ls", "/").stdout.split()
    assert kept
    told = based.run("debug", "--", "true").stderr
    assert ("failed, too" in told) is (len(kept) == 2)


def test_success_forgets_the_failure(failed: Pybuild) -> None:
    write(failed.cwd, {"Buildfile": GOOD})
    failed.run("build")
    assert list((failed.root / "builds").glob("*.failed")) == []
    assert failed.run("debug", "--", "ls").stdout == "half\n"


def test_the_failed_filesystem_is_exported(based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"Buildfile": FAILING})
    done = based.run("build", "--on-error", f"export,dest={tmp_path / 'out'}", code=1)
    assert "exited with code 3" in done.stderr
    assert sorted(os.listdir(tmp_path / "out" / "work")) == ["half"]
    based.run("debug", "--before", "--export", str(tmp_path / "before.tar"))
    with tarfile.open(tmp_path / "before.tar") as tar:
        assert "work/tool" in tar.getnames()
        assert "work/half" not in tar.getnames()


def test_on_error_shell_reads_the_users_commands(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": FAILING})
    done = based.run("build", "--on-error=shell", stdin=b"cat /work/half\n", code=1)
    assert "exited with code 3" in done.stderr
    assert done.stdout == "half\n"


@pytest.mark.parametrize(
    "args", [["debug", "--context", "-"], ["debug", "-f", "-"], ["build", "--on-error=shell", "-"]]
)
def test_what_standard_input_gave_cannot_be_read_again(failed: Pybuild, args: list[str]) -> None:
    done = failed.run(*args, stdin=GOOD.encode(), code=2)
    assert "which standard input gives only once" in done.stderr
    assert "write it to a file first" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--step", "9"], 2, "no step 9"),
        (["--step", "x y"], 2, "names no step"),
        (["-f", "Other"], 2, "has not been built"),
    ],
)
def test_what_cannot_be_entered(failed: Pybuild, args: list[str], code: int, message: str) -> None:
    write(failed.cwd, {"Other": GOOD})
    assert message in failed.run("debug", *args, code=code).stderr


def test_a_step_that_was_never_built(failed: Pybuild) -> None:
    write(failed.cwd, {"Buildfile": FAILING + "RUN echo next\n"})
    assert "has not been built" in failed.run("debug", "--step", "4", code=1).stderr


def test_on_a_terminal_the_shell_has_one_of_its_own(failed: Pybuild) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        failed.argv("debug"), cwd=failed.cwd, env=failed.environment(), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        talk(ours, theirs)
        assert process.wait() == 6
    os.close(ours)


def talk(ours: int, theirs: int) -> None:
    os.close(theirs)
    os.write(ours, b"sh -c 'test -t 0 && test -t 1 && echo terminal-$((40 + 2)) && exec sleep 100'\n")
    read_until(ours, b"terminal-42")
    os.write(ours, b"\x03")  # Ctrl-C ends what has spoken, not us
    os.write(ours, b"echo interrupted-$?; exit 6\n")
    read_until(ours, b"interrupted-130")


def read_until(fd: int, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        assert select.select([fd], [], [], 60)[0], f"nothing more after {seen!r}"
        seen += os.read(fd, 4096)
