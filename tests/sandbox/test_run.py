"""Conformance: every runtime and every kind of root filesystem shows a process the same and leaves the same."""

from __future__ import annotations

import os

import pytest

from builder.errors import StepError
from builder.sandbox.spec import File, Mount
from tests.sandbox.conftest import WAYS, Runner, Way


@pytest.fixture(params=WAYS, ids=lambda way: f"{way.runtime}-{way.root}")
def way(request: pytest.FixtureRequest, runner: Runner) -> Way:
    way: Way = request.param
    runner.need(way)
    return way


def test_output_and_exit_code_come_back(runner: Runner, way: Way) -> None:
    outcome = runner.shell("echo out; echo err >&2; exit 7", way)
    assert (outcome.status.code, outcome.status.signal, outcome.text) == (7, 0, "out\nerr\n")


def test_a_signal_counts_as_128_and_its_number(runner: Runner, way: Way) -> None:
    outcome = runner.shell("sh -c 'kill -KILL $$'", way)
    assert outcome.status.code == 137


def test_only_what_the_process_wrote_is_left(runner: Runner, way: Way) -> None:
    outcome = runner.shell("echo hi > /file; cat /etc/hosts /etc/resolv.conf > /dev/null; touch /dev/x /tmp/y", way)
    assert (outcome.status.code, outcome.text) == (0, "")
    found = sorted(
        os.path.relpath(os.path.join(at, name), outcome.upper)
        for at, *kinds in os.walk(outcome.upper)
        for names in kinds
        for name in names
    )
    assert found == ["dev", "file", "proc", "sys", "tmp", "tmp/y"]


def test_mount_points_leave_no_trace(runner: Runner, way: Way) -> None:
    source = runner.spec().rootfs.upper
    with open(f"{source}/given", "w") as file:
        file.write("content")
    mounts = (
        Mount("bind", "/etc/a/b/c", source),
        Mount("bind", "/new/file", f"{source}/given", readonly=True),
        Mount("tmpfs", "/root/scratch", size=1 << 20),
    )
    script = "cat /etc/a/b/c/given /new/file; touch /root/scratch/x; touch /new/file || echo refused"
    outcome = runner.shell(script, way, mounts=mounts)
    assert outcome.text.startswith("contentcontent"), outcome
    assert outcome.text.endswith("refused\n")
    assert sorted(os.listdir(outcome.upper)) == ["dev", "proc", "sys"]


def test_files_of_the_run_are_seen_and_gone(runner: Runner, way: Way) -> None:
    files = (
        File("/dev/pipes/SCRIPT", "#!/bin/sh\necho script $1\n", 0o755),
        File("/run/secrets/key", "secret", 0o400, 1000, 1000),
    )
    outcome = runner.shell(
        "/dev/pipes/SCRIPT one; cat /run/secrets/key; stat -c ' %u %g %a' /run/secrets/key", way, files=files
    )
    assert outcome.text == "script one\nsecret 1000 1000 400\n"
    assert sorted(os.listdir(outcome.upper)) == ["proc", "sys"], "/dev goes with what was put below it, as BuildKit's"


def test_a_directory_below_which_a_stub_was_needed_keeps_its_looks(runner: Runner, way: Way) -> None:
    """The stub's parents stand in for the image's: a change beside them must copy the real attributes."""
    look = "stat -c '%u %g %a' /home/alice"
    wanted = runner.says(look)
    mounts = (Mount("tmpfs", "/home/alice/a/b"),)
    outcome = runner.shell(f"{look}; touch /home/alice/made", way, mounts=mounts)
    assert outcome.text == wanted
    assert os.listdir(f"{outcome.upper}/home/alice") == ["made"]


@pytest.mark.parametrize(
    ("user", "ids", "home"),
    [
        ("", "0 0 0", "/root"),
        ("alice", "1000 1000 1000 50", "/home/alice"),
        ("1000", "1000 1000 1000 50", "/home/alice"),
        ("alice:daemon", "1000 1 1", "/home/alice"),
        ("1000:7", "1000 7 7", "/home/alice"),
        ("4321", "4321 0 0", "/"),
        ("4321:4322", "4321 4322 4322", "/"),
    ],
)
def test_users_are_those_of_the_image(runner: Runner, way: Way, user: str, ids: str, home: str) -> None:
    outcome = runner.shell("echo $(id -u) $(id -g) $(id -G) $HOME", way, user=user)
    assert outcome.text == f"{ids} {home}\n"


@pytest.mark.parametrize(
    ("user", "code"), [("bob", "unknown-user"), ("alice:bobs", "unknown-group"), ("0:99999999999", "bad-user")]
)
def test_unknown_users_are_named(runner: Runner, way: Way, user: str, code: str) -> None:
    with pytest.raises(StepError) as caught:
        runner.shell("true", way, user=user)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("argv", "code"),
    [(["nothing"], 127), (["/bin/nothing"], 127), (["/etc"], 126), (["/etc/passwd"], 126), (["sub/nothing"], 127)],
)
def test_what_cannot_be_executed_says_so(runner: Runner, way: Way, argv: list[str], code: int) -> None:
    status, text, _ = runner.run(runner.spec(*argv), way)
    assert status.code == code, status
    assert status.reason
    assert text == "" or way.runtime != "native"


def test_the_working_directory_is_made_for_the_user(runner: Runner, way: Way) -> None:
    outcome = runner.shell("pwd; stat -c %u .", way, cwd="/home/alice/a/b", user="alice")
    assert outcome.text == "/home/alice/a/b\n1000\n"
    with pytest.raises(StepError, match="working directory"):
        runner.shell("pwd", way, cwd="/etc/passwd/x")


def test_limits_hostname_and_umask(runner: Runner, way: Way) -> None:
    outcome = runner.shell("ulimit -n; hostname; umask; echo $$", way, ulimits=(("nofile", 99, 100),), hostname="h")
    assert outcome.text == "99\nh\n0022\n1\n"


def test_without_network_there_is_a_loopback_only(runner: Runner, way: Way) -> None:
    outcome = runner.shell("tail -n +3 /proc/net/dev | cut -d: -f1; cat /proc/net/if_inet6", way, network="none")
    assert outcome.text.split()[0] == "lo"
    assert " 80 " in outcome.text or "lo" in outcome.text.split()[1:] or len(outcome.text.split()) == 1


def test_a_read_only_root_stays_as_it_is(runner: Runner, way: Way) -> None:
    outcome = runner.shell("touch /x || echo refused; touch /dev/shm/x", way, readonly_root=True)
    assert (outcome.status.code, outcome.text.splitlines()[-1]) == (0, "refused")


def test_scratch_needs_no_lower_directory(runner: Runner, way: Way) -> None:
    spec = runner.spec("sh", "-c", "true")
    empty = spec._replace(rootfs=spec.rootfs._replace(lowers=()))
    assert runner.run(empty, way).status.code == 127
    assert sorted(os.listdir(spec.rootfs.upper)) == ["dev", "proc", "sys"]
