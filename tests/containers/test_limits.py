"""Limits by control groups: of either version where they are ours, and a clear message where not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from builder.containers import cgroups
from builder.containers.types import Limits
from builder.errors import SandboxError
from tests.support.cli import Pybuild

ALL = Limits(64 << 20, 0.5, 100)


def test_of_the_unified_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    (tmp_path / "cgroup.controllers").touch()
    group = cgroups.make("id", ALL, str(tmp_path))
    folder = tmp_path / "pybuild/id"
    assert (tmp_path / "pybuild/cgroup.subtree_control").read_text() == "+memory +cpu +pids"
    values = {name: (folder / name).read_text() for name in ("memory.max", "cpu.max", "pids.max")}
    assert values == {"memory.max": "67108864", "cpu.max": "50000 100000", "pids.max": "100"}
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out_of_memory()


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
