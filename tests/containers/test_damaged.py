"""A container whose record or folders are damaged stands in no other's way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.containers.test_run import listed
from tests.support.cli import Pybuild


def cut_off(folder: Path) -> None:
    record = folder / "config.json"
    record.write_bytes(record.read_bytes()[:200])


def of_an_older_form(folder: Path) -> None:
    record = json.loads((folder / "config.json").read_text())
    del record["settings"]["groups"]
    (folder / "config.json").write_text(json.dumps(record))


def no_object(folder: Path) -> None:
    (folder / "config.json").write_text("[1]")


def without_a_record(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_its_files(folder: Path) -> None:
    shutil.rmtree(folder / "upper")


def of_another(folder: Path) -> None:
    record = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(record | {"id": "0" * 64}))


@pytest.mark.parametrize(
    ("damage", "why", "named"),
    [
        (cut_off, "config.json: ", True),
        (of_an_older_form, "config.json: 'groups' is missing", True),
        (no_object, "config.json: ", False),
        (without_a_record, "config.json: No such file or directory", False),
        (without_its_files, "the folder upper is missing", True),
        (of_another, "config.json: it is that of another container", True),
    ],
)
def test_a_damaged_one_is_told_and_can_be_removed(
    box: Pybuild, damage: Callable[[Path], None], why: str, named: bool
) -> None:
    box.run("create", "--name", "whole", "--network", "none", "-v", "/data", "base", "echo", "here")
    broken = box.run("create", "--name", "broken", "--network", "none", "base", "true").stdout.strip()
    damage(box.root / "containers" / broken)
    name = "broken" if named else broken[:12]

    told = box.run("ps", "--format", "json")
    row = json.loads(told.stdout)
    assert (row["id"], row["name"], row["status"]) == (broken, name, "damaged")
    assert why in row["error"]
    assert f"pybuild: container {name} is damaged: {why}" in told.stderr
    assert "Damaged" in box.run("ps", "-a", "--filter", f"name={name}").stdout
    assert [one["name"] for one in listed(box)] == ["whole", name]
    for command in ("inspect", "start", "logs"):
        assert f"container {name} is damaged: {why}" in box.run(command, broken[:12], code=1).stderr
    assert f"container-damaged: {broken}: {name}: {why}" in box.run("store", "check", code=1).stdout
    assert "pybuild rm " in box.run("volume", "prune", "-f", code=1).stderr

    assert box.run("start", "-a", "whole").stdout == "here\n"
    assert json.loads(box.run("inspect", "whole").stdout)[0]["Name"] == "/whole"
    box.run("run", "--rm", "--network", "none", "base", "true")
    box.run("rm", "-v", "whole")
    box.run("rm", name)
    assert os.listdir(box.root / "containers") == []
    assert "The store is whole" in box.run("store", "check").stdout
    box.run("volume", "prune", "-f")
    assert os.listdir(box.root / "volumes") == []


def test_the_name_of_a_damaged_one_is_taken(box: Pybuild) -> None:
    cut_off(box.root / "containers" / box.run("create", "--name", "broken", "base", "true").stdout.strip())
    assert "the name broken is that of" in box.run("create", "--name", "broken", "base", "true", code=125).stderr


def test_one_that_runs_is_removed_by_force(box: Pybuild) -> None:
    broken = box.run("run", "-d", "--name", "broken", "--network", "none", "base", "sleep", "100").stdout.strip()
    cut_off(box.root / "containers" / broken)
    assert "container broken runs" in box.run("rm", "broken", code=1).stderr
    box.run("rm", "-f", "broken")
    assert listed(box) == []


def test_whether_one_runs_whose_state_is_damaged_its_monitor_tells(box: Pybuild) -> None:
    one = box.run("run", "-d", "--name", "one", "--network", "none", "base", "sleep", "100").stdout.strip()
    state = box.root / "containers" / one / "state.json"
    state.write_text("{")
    assert listed(box)[0]["status"] == "running"
    box.run("stop", "-t", "0", "one")
    assert listed(box)[0]["status"] == "exited"
    state.write_text("{")
    [row] = listed(box)
    assert (row["status"], row["exit_code"]) == ("exited", 137)
    assert "state.json is damaged" in row["error"]
    box.run("start", "one")
    assert listed(box)[0]["status"] == "running"
