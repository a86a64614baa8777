"""`pybuild volume`."""

from __future__ import annotations

import json

from tests.support.cli import Pybuild


def test_volumes_are_made_listed_and_removed(box: Pybuild) -> None:
    assert box.run("volume", "create", "data").stdout == "data\n"
    unnamed = box.run("volume", "create").stdout.strip()
    box.run("run", "--name", "user", "--network", "none", "-v", "data:/d", "base", "sh", "-c", "echo kept > /d/file")
    assert box.run("volume", "create", "data").stdout == "data\n"
    assert box.run("volume", "ls", "-q").stdout.split() == sorted(["data", unnamed])
    assert box.run("volume", "ls", "-q", "--filter", "dangling=true").stdout.split() == [unnamed]
    assert "local    data" in box.run("volume", "ls").stdout
    (found,) = json.loads(box.run("volume", "inspect", "data").stdout)
    assert found["UsedBy"] == ["user"]
    with open(f"{found['Mountpoint']}/file", encoding="ascii") as file:
        assert file.read() == "kept\n"
    assert "in use by user" in box.run("volume", "rm", "data", code=1).stderr
    assert "no volume" in box.run("volume", "rm", "nosuch", code=1).stderr
    assert box.run("volume", "rm", "-f", "nosuch").stderr == ""
    box.run("volume", "prune", "--force")
    assert box.run("volume", "ls", "-q").stdout == "data\n"
    box.run("rm", "user")
    box.run("volume", "prune", "--force")
    assert box.run("volume", "ls", "-q").stdout == "data\n"
    assert box.run("volume", "rm", "data").stdout == "data\n"
    assert box.run("volume", "ls", "--format", "json").stdout == ""
    assert "volume" in box.run("volume", "create", "../x", code=2).stderr
