"""A container's whole life, for an ordinary user: its files belong to users that only a user namespace has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder.sandbox.subordinate import subordinate_ranges
from tests.containers.test_run import NONE, listed, until
from tests.support.cli import Pybuild

pytestmark = pytest.mark.ordinary_user
OWNED = "echo theirs > /home/alice/own; chown 1000:1000 /home/alice /home/alice/own; chmod 700 /home/alice"


def test_from_run_to_rm(box: Pybuild, tmp_path: Path) -> None:
    if not subordinate_ranges("/etc/subuid", os.getuid()):
        pytest.skip("this user has no subordinate ids")
    box.run("run", "-d", "--name", "web", "--network", "none", "-v", "data:/home", "base", "sleep", "100")
    box.run("exec", "web", "sh", "-c", f"{OWNED}; rm /etc/group; mkdir -m 700 /own; chown 1000 /own")
    assert box.run("exec", "-u", "alice", "web", "cat", "/home/alice/own").stdout == "theirs\n"
    assert box.run("diff", "web").stdout.splitlines() == ["C /etc", "D /etc/group", "A /own"]
    box.run("cp", "web:/home/alice", str(tmp_path / "copied"))
    assert (tmp_path / "copied/own").read_text() == "theirs\n"
    box.run("cp", str(tmp_path / "copied"), "web:/own")
    assert box.run("commit", "web", "app").stdout
    look = "ls /own/copied; stat -c %u /own; test -e /etc/group || echo gone"
    assert box.run("run", *NONE, "app", "sh", "-c", look).stdout.split() == ["own", "1000", "gone"]
    box.run("kill", "web")
    until(lambda: listed(box)[0]["status"] == "exited")
    box.run("cp", "web:/own/copied/own", str(tmp_path / "again"))
    box.run("rm", "web")
    assert os.listdir(box.root / "containers") == []
    assert box.run("run", *NONE, "-v", "data:/d", "base", "cat", "/d/alice/own").stdout == "theirs\n"
