"""What became of builds can be looked up afterwards."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.support.cli import Pybuild, write
from tests.support.machine import missing_for_run

needs_run = pytest.mark.skipif(bool(missing_for_run()), reason=missing_for_run() or "-")


def shown(pybuild: Pybuild, *args: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(pybuild.run("builds", "show", "--format", "json", *args).stdout)
    return value


def rows(pybuild: Pybuild, *args: str) -> dict[str, dict[str, object]]:
    steps = shown(pybuild, *args)["steps"]
    assert isinstance(steps, list)
    return {row["text"]: row for row in steps}


def test_each_step_of_each_build_is_known(pybuild: Pybuild) -> None:
    text = "FROM scratch AS a\nCOPY f /f\nFROM scratch\nCOPY --from=a f /g\nCOPY f /h\n"
    write(pybuild.cwd, {"Buildfile": text, "f": "1"})
    first, second = pybuild.build("-t", "app"), pybuild.build("-t", "app")
    build = shown(pybuild)
    assert (build["id"], build["digest"], build["names"]) == (second["build"], second["digest"], ["app:latest"])
    found = rows(pybuild)
    assert [row["outcome"] for row in found.values()] == ["cached"] * 3
    assert found["COPY --from=a f /g"]["after"] == ["0.1"]
    assert found["COPY f /h"]["after"] == ["1.1"]
    assert {row["source"]["build"] for row in found.values()} == {first["build"]}  # type: ignore[index]
    assert [row["outcome"] for row in rows(pybuild, "^1").values()] == ["ran"] * 3
    ids = [json.loads(line)["id"] for line in pybuild.run("builds", "ls", "--format", "json").stdout.splitlines()]
    assert ids == [second["build"], first["build"]]


@needs_run
def test_logs_are_kept_whole_and_without_secrets(based: Pybuild) -> None:
    count = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done"
    text = f"FROM base\nRUN --mount=type=secret,id=s cat /run/secrets/s; {count}\nRUN echo two\n"
    write(based.cwd, {"Buildfile": text})
    based.run("build", "--secret", "id=s,env=S", env={"S": "hunter22"})
    assert based.run("builds", "logs", "", "1").stdout == "***" + "".join(f"{n}\n" for n in range(1, 20001))
    assert based.run("builds", "logs", "", ":3").stdout == "two\n"
    assert "[stage-0 2] RUN echo two\ntwo\n" in based.run("builds", "logs").stdout
    kept = [b"hunter22" in file.read_bytes() for file in based.root.rglob("*") if file.is_file()]
    assert not any(kept)


@needs_run
def test_a_build_that_fails_is_known_with_its_log(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo so far; exit 3\nRUN echo never\n"})
    based.run("build", code=1)
    build, found = shown(based), rows(based)
    assert build["outcome"] == "failed"
    assert [row["outcome"] for row in found.values()] == ["failed", "not reached"]
    assert based.run("builds", "logs", "", "1").stdout == "so far\n"
    assert "failed" in based.run("builds", "show").stdout


@needs_run
def test_a_build_that_is_killed_is_known_as_far_as_it_came(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo so far; exec sleep 60\nRUN echo never\n"})
    command = based.argv("build", "--progress", "plain")
    with subprocess.Popen(command, cwd=based.cwd, env=based.environment(), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert any(b"so far" in line for line in process.stderr if b"RUN" not in line)
        assert shown(based)["outcome"] == "running"
        process.kill()
    build, found = shown(based), rows(based)
    assert build["outcome"] == "killed"
    assert [row["outcome"] for row in found.values()] == ["canceled", "not reached"]
    assert based.run("builds", "logs", "", "1").stdout == "so far\n"


def test_builds_are_removed(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY f /f\n", "f": "1"})
    ids = [pybuild.build()["build"] for _ in range(3)]
    assert pybuild.run("builds", "rm", ids[1]).stdout.split() == [ids[1]]
    assert pybuild.run("builds", "ls", "-q").stdout.split() == [ids[2], ids[0]]
    pybuild.run("builds", "rm", "--older-than", "1h")
    pybuild.run("builds", "rm", "--all")
    assert pybuild.run("builds", "ls", "-q").stdout == ""
    assert os.listdir(pybuild.root / "history") == []
    for wrong in ([], ["nothing"], ["--older-than", "soon"]):
        pybuild.run("builds", "rm", *wrong, code=2)
