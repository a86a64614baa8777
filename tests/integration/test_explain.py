"""What a build would do, why it did what it did, what it could do better: the commands."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.support.cli import Pybuild, write

TEXT = "FROM scratch AS a\nARG V=1\nCOPY src /src\nCOPY f$V /f\nFROM scratch\nCOPY --from=a /src/x /x\nCOPY g /g\n"
FILES = {"Buildfile": TEXT, "src/x": "1", "f1": "1", "f2": "2", "g": "g"}


def outlooks(pybuild: Pybuild, *args: str) -> dict[str, tuple[str, str]]:
    rows = json.loads(pybuild.run("build", "--dry-run", "--format", "json", *args).stdout)
    return {row["text"]: (row["outlook"], row["reason"]) for row in rows}


def contents(root: Path) -> set[str]:
    """All files of the store but what is derived."""
    kept = ("blobs", "builds", "history", "snapshots", "tables", "index.json")
    return {str(path) for name in kept for path in [root / name, *(root / name).rglob("*")] if path.exists()}


def test_a_dry_run_says_what_a_build_would_do_and_does_nothing(pybuild: Pybuild) -> None:
    write(pybuild.cwd, FILES)
    first = outlooks(pybuild)
    assert [outlook for outlook, _ in first.values()] == ["runs", "depends", "depends", "depends"]
    assert first["COPY src /src"] == ("runs", "no earlier build of this file here")
    pybuild.build("-t", "app")
    before = contents(pybuild.root)
    assert {outlook for outlook, _ in outlooks(pybuild).values()} == {"cached"}
    write(pybuild.cwd, {"src/x": "2"})
    assert outlooks(pybuild, "--build-arg", "V=2") == {
        "COPY src /src": ("runs", "COPY src: 1 file changed: src/x (content)"),
        "COPY f2 /f": ("runs", "ARG V: 1 -> 2"),
        "COPY --from=a /src/x /x": ("depends", "on the files that stage a makes"),
        "COPY g /g": ("depends", "on the files that step 1 makes"),
    }
    assert contents(pybuild.root) == before
    shown = pybuild.run("build", "--dry-run", "--no-cache").stdout
    assert shown.splitlines()[0].split() == ["STEP", "OUTLOOK", "INSTRUCTION", "WHY"]
    assert shown.splitlines()[-1] == "0 cached, 4 would run, 0 not known yet"


def explained(pybuild: Pybuild, *args: str) -> Any:
    return json.loads(pybuild.run("explain", "--format", "json", *args).stdout)


def test_builds_are_explained_afterwards(pybuild: Pybuild) -> None:
    write(pybuild.cwd, FILES)
    first = pybuild.build("-t", "app")["build"]
    write(pybuild.cwd, {"src/x": "2"})
    pybuild.run("build", "-t", "app")
    whole = explained(pybuild)
    assert [step["reason"] for step in whole["steps"]] == [
        "COPY src: 1 file changed: src/x (content)",
        "earlier step 1 produced other files: /src/x (content)",
        "COPY --from=a /src/x: 1 file changed: src/x (content)",
        "earlier step 1 produced other files: /x (content)",
    ]
    assert {step["compared"] for step in whole["steps"]} == {first}
    assert [step["text"] for step in explained(pybuild, ":4")] == ["COPY f1 /f"]
    assert [step["text"] for step in explained(pybuild, "a.2")] == ["COPY f1 /f"]
    assert [step["text"] for step in explained(pybuild, first[:8], "2")] == ["COPY g /g"]
    pybuild.run("build")
    text = pybuild.run("explain").stdout
    assert "0 of 4 steps ran, 4 cached" in text
    assert "[a 1/2] COPY src /src\n  cached: from build " in text
    for wrong in (["nothing"], ["", "9"], ["", "x"], ["^9"]):
        pybuild.run("explain", *wrong, code=2)


def test_a_build_explains_itself(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, FILES | {"unused": "x" * (2 << 20)})
    first = pybuild.build("-t", "app")["build"]
    page, summary = tmp_path / "page.md", tmp_path / "summary.md"
    page.write_text("before\n")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    told = pybuild.run("build", "-t", "app", "--explain", "--summary", str(summary), env=env).stderr
    assert f"CACHED (from build {first}, " in told
    assert "no step uses unused (2.1 MB)" in told
    text = summary.read_text()
    assert text.startswith("### pybuild: `app:latest` built in ")
    assert "| a 1: `COPY src /src` | 💾 cached |" in text
    assert page.read_text() == f"before\n{text}"
    assert "CACHED (" not in pybuild.run("build", "-t", "app").stderr


def test_a_failed_build_has_a_summary_too(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY f /\nCOPY none /\n", "f": "f|`<b>"})
    pybuild.run("build", "--summary", str(tmp_path / "summary.md"), code=1)
    text = (tmp_path / "summary.md").read_text()
    assert text.startswith("### pybuild: `Buildfile` failed in ")
    assert "`COPY none /` | not reached" in text
    pybuild.run("build", "--summary", str(tmp_path / "no" / "summary.md"), code=1)
    assert len(pybuild.run("builds", "ls", "-q").stdout.split()) == 1


def test_records_are_listed_shown_and_forgotten(pybuild: Pybuild) -> None:
    write(pybuild.cwd, FILES | {"Other": "FROM scratch\nCOPY g /other\n"})
    for _ in range(3):
        pybuild.run("build", "-t", "app")
    pybuild.run("build", "-f", "Other")
    rows = [json.loads(line) for line in pybuild.run("cache", "ls", "--format", "json").stdout.splitlines()]
    by_step = {row["step"]: row for row in rows}
    assert len(by_step) == 5
    assert (by_step["COPY g /g"]["hits"], by_step["COPY g /g"]["images"]) == (2, ["app:latest"])
    assert (by_step["COPY g /other"]["hits"], by_step["COPY f1 /f"]["images"]) == (0, [])
    assert len(pybuild.run("cache", "ls", "-q", "-f", "Other").stdout.split()) == 1
    key = by_step["COPY g /g"]["key"]
    (shown,) = json.loads(pybuild.run("cache", "inspect", key[:12]).stdout)
    assert shown["parts"]["dest"] == "/g"
    assert pybuild.run("cache", "rm", key[:12]).stdout.split() == [key]
    day = shown["created"][:10]
    assert pybuild.ran() == {"COPY g /g": f"record pruned on {day} (pybuild cache rm)"}
    pybuild.run("cache", "rm", "-f", "Other")
    assert len(pybuild.run("cache", "rm", "--all").stdout.split()) == 4
    for wrong in (["inspect", "00"], ["rm"], ["rm", "00"]):
        pybuild.run("cache", *wrong, code=2)


def test_values_that_sound_secret_are_not_shown(pybuild: Pybuild) -> None:
    write(
        pybuild.cwd, {"Buildfile": "FROM scratch\nARG API_TOKEN\nCOPY f $API_TOKEN-f /x/\n", "f": "1", "hunter2-f": "2"}
    )
    pybuild.run("build", "--build-arg", "API_TOKEN=hunter2")
    (key,) = pybuild.run("cache", "ls", "-q").stdout.split()
    shown = json.loads(pybuild.run("cache", "inspect", key).stdout)[0]
    assert shown["notes"]["variables"] == [["API_TOKEN", "(not shown)"]]
    build = json.loads(pybuild.run("builds", "show", "--format", "json").stdout)
    assert build["options"]["build_args"] == [["API_TOKEN", "(not shown)"]]


def test_what_is_named_like_a_terminal_command_cannot_steer_it(pybuild: Pybuild) -> None:
    name = "a\x1b[2Jb"
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY . /x\n", name: "1"})
    pybuild.run("build")
    os.unlink(pybuild.cwd / name)
    pybuild.run("build")
    for command in (["explain"], ["builds", "show"], ["build", "--dry-run", "--no-cache"]):
        assert "\x1b" not in pybuild.run(*command).stdout
