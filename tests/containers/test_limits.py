"""Limits by control groups: of either version where they are ours, and a clear message where not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from builder.containers import cgroups
from builder.containers.types import Limits
from builder.errors import SandboxError
from tests.support.cli import Pybuild

ALL = Limits(64 << 20, 0.5, 100)


def test_of_the_unified_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    (tmp_path / "cgroup.controllers").write_text("cpu io memory pids\n")
    cgroups.divide(ALL, str(tmp_path))
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory +cpu +pids"
    group = cgroups.make("id", ALL, str(tmp_path))
    folder = tmp_path / "pybuild/id"
    assert (tmp_path / "pybuild/cgroup.subtree_control").read_text() == "+memory +cpu +pids"
    values = {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "cpu.max", "pids.max")}
    assert values == {
        "memory.max": "67108864",
        "memory.swap.max": "67108864",
        "cpu.max": "50000 100000",
        "pids.max": "100",
    }
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out_of_memory()


def test_whoever_was_set_aside_finds_the_group_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    own = tmp_path / "user.slice/run.scope"
    (own / "pybuild").mkdir(parents=True)
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    for place in ("/user.slice/run.scope", "/user.slice/run.scope/pybuild/aside"):
        monkeypatch.setattr(cgroups, "_own_group", lambda place=place: place)
        group = cgroups.make("id", Limits(memory=1), str(tmp_path))
        assert group.folders == (f"{own}/pybuild/id",)
        assert cgroups.left_by("id", str(tmp_path)) == group
        (own / "pybuild/id").rename(own / f"pybuild/{len(place)}")


def test_what_nobody_lets_us_have_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(cgroups, "_own_group", lambda: "/")
    (tmp_path / "cgroup.controllers").write_text("memory pids\n")
    with pytest.raises(SandboxError, match="no limit on memory, cpus, pids: nobody lets us have cpu"):
        cgroups.divide(ALL, str(tmp_path))


def test_a_group_with_processes_is_divided() -> None:
    """By the kernel's own rules, with any controller that the unified tree has here."""
    roots = [Path(root) for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")]
    ours = next((root for root in roots if os.access(root / "cgroup.subtree_control", os.W_OK)), None)
    controllers = (ours / "cgroup.controllers").read_text().split()[:1] if ours else []
    if ours is None or not controllers:
        pytest.skip("no unified tree of control groups with a controller is ours")
    shared = (ours / "cgroup.subtree_control").read_text().split()
    (ours / "cgroup.subtree_control").write_text(f"+{controllers[0]}")
    top = ours / f"pybuild-test-{os.getpid()}"
    top.mkdir()
    process = subprocess.Popen(["sleep", "100"])
    try:
        (top / "cgroup.procs").write_text(str(process.pid))
        with pytest.raises(OSError, match="busy"):
            (top / "cgroup.subtree_control").write_text(f"+{controllers[0]}")
        for _ in range(2):
            cgroups.enable(str(top), controllers)
        assert (top / "pybuild/aside/cgroup.procs").read_text().split() == [str(process.pid)]
        assert (top / "pybuild/cgroup.subtree_control").read_text().split() == controllers
    finally:
        process.kill()
        process.wait()
        for folder in (top / "pybuild/aside", top / "pybuild", top):
            folder.rmdir()
        if controllers[0] not in shared:
            (ours / "cgroup.subtree_control").write_text(f"-{controllers[0]}")


def test_of_the_separate_version(tmp_path: Path) -> None:
    group = cgroups.make("id", ALL, str(tmp_path))
    assert (tmp_path / "memory/pybuild/id/memory.limit_in_bytes").read_text() == "67108864"
    assert (tmp_path / "cpu/pybuild/id/cpu.cfs_quota_us").read_text() == "50000"
    assert len(group.folders) == 3
    assert not group.ran_out_of_memory()


def test_none_are_made_for_nothing_and_none_where_they_are_not_ours(tmp_path: Path) -> None:
    assert cgroups.make("id", Limits(), "/nowhere") == cgroups.Group()
    (tmp_path / "memory").write_text("in the way")
    with pytest.raises(SandboxError, match="no limit on memory"):
        cgroups.make("id", Limits(memory=1), str(tmp_path))


def test_a_container_that_wants_too_much(box: Pybuild) -> None:
    try:
        cgroups.make(f"probe{os.getpid()}", Limits(memory=1 << 30)).remove()
    except SandboxError as error:
        pytest.skip(error.message)
    script = "x=a; while :; do x=$x$x; done"
    box.run("run", "--name", "eater", "--network", "none", "-m", "20m", "base", "sh", "-c", script, code=137)
    state = json.loads(box.run("inspect", "--format", "json", "eater").stdout)["State"]
    assert state["OOMKilled"]
    count = "i=0; while [ $i -lt 40 ] && sleep 5 & do i=$((i+1)); done; wait"
    done = box.run("run", "--rm", "--network", "none", "--pids-limit", "10", "base", "sh", "-c", count, code=2)
    assert "fork" in done.stderr
