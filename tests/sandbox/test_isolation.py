"""What a process cannot see or do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from builder.errors import SandboxError, StepError
from tests.sandbox.conftest import Runner


def test_it_sees_only_its_own_processes(runner: Runner) -> None:
    assert runner.says("echo /proc/[0-9]*; echo $$").split() == ["/proc/1", "1"]


def test_nothing_of_the_machine_is_mounted(runner: Runner, tmp_path: Path) -> None:
    mounts = runner.says("cut -d' ' -f2 /proc/mounts").split()
    assert mounts.count("/") == 1
    assert all(place.startswith(("/proc", "/dev", "/sys", "/etc/")) for place in mounts if place != "/")
    assert str(tmp_path) not in runner.says("cat /proc/self/mountinfo")


def test_it_has_dockers_capabilities_and_no_more(runner: Runner) -> None:
    shown = dict(line.split(":\t") for line in runner.says("cat /proc/self/status").splitlines())
    assert shown["CapEff"] == shown["CapPrm"] == shown["CapBnd"] == "00000000a80425fb"
    assert shown["CapInh"] == shown["CapAmb"] == "0000000000000000"
    assert (shown["NoNewPrivs"], shown["Seccomp"]) == ("0", "2")


def test_an_ordinary_user_has_none(runner: Runner) -> None:
    text = runner.says("grep CapEff /proc/self/status; touch /x || echo refused", user="alice")
    assert text.splitlines()[0].endswith("0000000000000000")
    assert text.splitlines()[-1] == "refused"


@pytest.mark.parametrize(
    "script",
    [
        "mount -t tmpfs none /tmp",
        "unshare -m true",
        "unshare -U true",
        "hostname other",
        "mknod /tmp/disk b 8 0 && cat /tmp/disk",
        "echo 1 > /proc/sys/kernel/panic",
        "echo b > /proc/sysrq-trigger",
        "touch /sys/kernel/x",
        "echo x > /etc/hosts",
        "rm /etc/resolv.conf",
    ],
)
def test_it_cannot(runner: Runner, script: str) -> None:
    assert runner.shell(script).status.code != 0


def test_masked_files_are_empty(runner: Runner) -> None:
    for path in ("/proc/keys", "/proc/timer_list", "/proc/interrupts"):
        if os.path.exists(path):
            assert runner.says(f"cat {path}") == ""
    assert runner.says("ls /sys/firmware") == ""


def test_a_link_out_of_the_image_leads_into_the_image(runner: Runner, tmp_path: Path) -> None:
    """Mount points are looked up inside: an image whose /etc/resolv.conf points up and out reaches nothing."""
    secret = tmp_path / "secret"
    secret.write_text("of the machine")
    first = runner.shell(f"ln -s ../../../../../..{secret} /etc/resolv.conf; ln -s {tmp_path} /etc/hosts.d")
    spec = runner.spec("sh", "-c", f"cat {secret} | head -c 10; ls /etc/hosts.d/")
    outcome = runner.run(spec._replace(rootfs=spec.rootfs._replace(lowers=(runner.base, first.upper))))
    assert secret.read_text() == "of the machine"
    assert "of the mac" not in outcome.text
    assert sorted(os.listdir(outcome.upper)) == []


@pytest.mark.parametrize("script", ["ln -s /etc /proc", "touch /proc"])
def test_a_proc_that_is_no_directory_is_refused(runner: Runner, script: str) -> None:
    spec = runner.spec("true")
    hostile = os.path.join(os.path.dirname(spec.rootfs.upper), "hostile")
    os.mkdir(hostile)
    if "ln" in script:
        os.symlink("/etc", f"{hostile}/proc")
    else:
        Path(f"{hostile}/proc").touch()
    with pytest.raises(SandboxError) as caught:
        runner.run(spec._replace(rootfs=spec.rootfs._replace(lowers=(runner.base, hostile))))
    assert caught.value.code == "bad-root"


def test_default_network_is_the_machines(runner: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        own = runner.says(f"grep -c ':{port:04X} ' /proc/net/tcp")
        none = runner.shell(f"grep -c ':{port:04X} ' /proc/net/tcp", network="none")
    assert own == "1\n"
    assert none.text == "0\n"


def test_files_of_the_worker_are_not_inherited(runner: Runner) -> None:
    assert runner.says("ls /proc/$$/fd").split() == ["0", "1", "2"]


def test_no_orphan_survives(runner: Runner) -> None:
    """The output ends when the last process that holds it is gone."""
    outcome = runner.shell("setsid sleep 1000 & echo started")
    assert (outcome.status.code, outcome.text) == (0, "started\n")


def test_a_working_directory_leads_nowhere_else(runner: Runner) -> None:
    for number in range(3, 12):
        spec = runner.spec("sh", "-c", "ls ..", cwd=f"/proc/self/fd/{number}")
        with pytest.raises((StepError, SandboxError)):
            runner.run(spec)


def test_a_working_directory_behind_a_dangling_link_is_made(runner: Runner) -> None:
    first = runner.shell("ln -s made/here /w")
    runner.lowers = (runner.base, first.upper)
    assert runner.says("pwd -P; stat -c %u /made", cwd="/w/x", user="alice") == "/made/here/x\n1000\n"
