"""`--check`, `--call`, `pybuild check`, and the warnings of a build."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

TEXT = """\
# app is what is shipped
FROM scratch AS app
env a b

# other stands apart
FROM scratch AS other
COPY $missing /
"""
CASING = "ConsistentInstructionCasing: Instruction 'env' should be written as most of them are, in upper case"
CHECKED = """\
Check complete, 3 warnings have been found!

WARNING: ConsistentInstructionCasing - All instructions of a file are written in one case, upper or lower
Instruction 'env' should be written as most of them are, in upper case
Buildfile:3
--------------------
   1 |     # app is what is shipped
   2 |     FROM scratch AS app
   3 | >>> env a b
   4 |
   5 |     # other stands apart
--------------------

WARNING: LegacyKeyValueFormat - ENV and LABEL are written with `=`; a blank in its place is an old form
Write "ENV key=value", not the old form "ENV key value"
Buildfile:3
--------------------
   1 |     # app is what is shipped
   2 |     FROM scratch AS app
   3 | >>> env a b
   4 |
   5 |     # other stands apart
--------------------

WARNING: UndefinedVar - A variable is defined above its use
Variable '$missing' is not defined
Buildfile:7
--------------------
   5 |     # other stands apart
   6 |     FROM scratch AS other
   7 | >>> COPY $missing /
   8 |
--------------------
"""


@pytest.fixture
def project(tmp_path: Path) -> Pybuild:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Buildfile").write_text(TEXT)
    return Pybuild(tmp_path / "root", folder)


def test_check_prints_what_is_found_and_fails(project: Pybuild) -> None:
    for command in (("check",), ("build", "--check"), ("--call=check",), ("build", "--call", "lint")):
        done = project.run(*command, code=1)
        assert (done.stdout, done.stderr) == (CHECKED, "")
    assert project.run("--call=check,ignorestatus=true").stdout == CHECKED
    found = project.run("check", "--target", "other", code=1).stdout
    assert "UndefinedVar" in found
    assert "LegacyKeyValueFormat" not in found


def test_check_says_so_where_nothing_is_found(project: Pybuild) -> None:
    (project.cwd / "Buildfile").write_text("FROM scratch\n")
    assert project.run("check").stdout == "Check complete, no warnings found.\n"


def test_check_in_json(project: Pybuild) -> None:
    for command in (("check", "--format", "json"), ("--call=check,format=json",)):
        answer = json.loads(project.run(*command, code=1).stdout)
        assert [item["ruleName"] for item in answer["warnings"]] == [
            "ConsistentInstructionCasing",
            "LegacyKeyValueFormat",
            "UndefinedVar",
        ]
        assert answer["warnings"][2]["location"] == {"ranges": [{"start": {"line": 7}, "end": {"line": 7}}]}
        assert base64.b64decode(answer["sources"][0]["data"]).decode() == TEXT
        assert answer["sources"][0]["filename"] == "Buildfile"


def test_errors_are_part_of_the_answer(project: Pybuild) -> None:
    (project.cwd / "Buildfile").write_text("FROM scratch\nENV a b\nEXPOSE x\n")
    text = project.run("check", code=1).stdout
    assert "WARNING: LegacyKeyValueFormat" in text
    assert "ERROR: EXPOSE x" in text
    answer = json.loads(project.run("check", "--format", "json", code=1).stdout)
    assert answer["buildError"]["location"]["ranges"][0]["start"] == {"line": 3}


def test_targets(project: Pybuild) -> None:
    assert project.run("--call=targets").stdout.splitlines() == [
        "TARGET            DESCRIPTION          BASE",
        "app               is what is shipped   scratch",
        "other (default)   stands apart         scratch",
    ]
    answer = json.loads(project.run("--call=targets,format=json").stdout)
    assert [(item["name"], item.get("default", False)) for item in answer["targets"]] == [
        ("app", False),
        ("other", True),
    ]


def test_unknown_calls_are_refused(project: Pybuild) -> None:
    assert "--call foo" in project.run("--call=foo", code=2).stderr


def test_a_build_tells_the_warnings_of_its_stages_each_time(project: Pybuild) -> None:
    for _ in range(2):
        log = project.run("build", "--progress", "plain", "--target", "app").stderr
        assert log.splitlines()[:3] == ["", "2 warnings found:", f" - Buildfile:3: {CASING}"]
        assert log.splitlines()[3].startswith(" - Buildfile:3: LegacyKeyValueFormat: ")
        assert "UndefinedVar" not in log
    events = [json.loads(line) for line in project.run("--progress", "rawjson", "--target", "app").stderr.splitlines()]
    assert [(event["rule"], event["line"]) for event in events if event["event"] == "warning-raised"] == [
        ("ConsistentInstructionCasing", 3),
        ("LegacyKeyValueFormat", 3),
    ]


def test_a_build_tells_of_an_argument_that_is_misspelt(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nARG VERSION\nCOPY a /\n", "a": "1"})
    told = " - Buildfile:2: UnusedBuildArg: No ARG is called 'VERSOIN' (did you mean VERSION?)"
    for _ in range(2):
        assert told in pybuild.run("build", "--build-arg", "VERSOIN=1").stderr
    assert "UnusedBuildArg" not in pybuild.run("build", "--build-arg", "SOMETHING=1").stderr


def test_error_true_ends_the_build_before_a_step_runs(project: Pybuild) -> None:
    text = "# check=error=true\nFROM scratch\nENV a b\nWORKDIR /x\n"
    (project.cwd / "Buildfile").write_text(text)
    for _ in range(2):
        log = project.run("build", "--progress", "plain", code=1).stderr
        assert "LegacyKeyValueFormat" in log
        assert "checks fail the build: LegacyKeyValueFormat" in log
        assert "WORKDIR /x" not in log
    project.run("build", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all")
    assert "checks fail the build" in project.run("check", code=1).stdout


def test_a_changed_ignore_file_is_checked_anew(project: Pybuild) -> None:
    (project.cwd / "Buildfile").write_text("FROM scratch\nCOPY Buildfile /\n")
    assert "CopyIgnoredFile" not in project.run("build", "--progress", "plain").stderr
    (project.cwd / ".dockerignore").write_text("Buildfile\n")
    assert "CopyIgnoredFile" in project.run("build", "--progress", "plain", code=1).stderr
    assert "CopyIgnoredFile" in project.run("check", code=1).stdout


def test_outline(project: Pybuild) -> None:
    (project.cwd / "Buildfile").write_text(
        "# BASE names what it stands on\nARG BASE=scratch\nARG UNUSED=1\nFROM ${BASE} AS build\n# FLAGS go to make\n"
        "ARG FLAGS=-j2 UNUSED\n# app is what is shipped\nFROM build AS app\nARG OWN\nFROM scratch\nARG OTHER\n"
    )
    asked = ("--target", "app", "--build-arg", "FLAGS=-j4")
    assert project.run("--call=outline", *asked).stdout.splitlines() == [
        "TARGET:        app",
        "DESCRIPTION:   is what is shipped",
        "",
        "BUILD ARG   VALUE     DESCRIPTION",
        "BASE        scratch   names what it stands on",
        "UNUSED      1",
        "FLAGS       -j4       go to make",
        "OWN",
    ]
    answer = json.loads(project.run("--call=outline,format=json", *asked).stdout)
    assert answer["args"][0] == {
        "name": "BASE",
        "description": "names what it stands on",
        "value": "scratch",
        "location": {"ranges": [{"start": {"line": 2}, "end": {"line": 2}}]},
    }


def test_fix_rewrites_the_file_and_prints_what_it_did(project: Pybuild) -> None:
    path = project.cwd / "Buildfile"
    path.write_text("from scratch AS App\nENV a b\nENV c=$ddddd\n")
    path.chmod(0o640)
    diff = (
        "--- a/Buildfile\n+++ b/Buildfile\n@@ -1,3 +1,3 @@\n-from scratch AS App\n-ENV a b\n+FROM scratch AS app\n"
        "+ENV a=b\n ENV c=$ddddd\n# left: Buildfile:3: UndefinedVar: Variable '$ddddd' is not defined\n"
    )
    assert project.run("check", "--fix", "--dry-run", code=1).stdout == diff
    assert path.read_text().startswith("from")
    assert project.run("build", "--fix", code=1).stdout == diff
    assert path.read_text() == "FROM scratch AS app\nENV a=b\nENV c=$ddddd\n"
    assert path.stat().st_mode & 0o777 == 0o640
    answer = json.loads(project.run("check", "--fix", "--format", "json", code=1).stdout)
    assert (answer["fixed"], answer["diff"], answer["written"]) == ([], "", False)
    assert [item["ruleName"] for item in answer["warnings"]] == ["UndefinedVar"]
    path.write_text("FROM scratch\nENV a b\n")
    assert json.loads(project.run("check", "--fix", "--format", "json").stdout)["written"] is True
    project.run("check", "--dry-run", code=2)
    assert "rewrites files only" in project.run("check", "--fix", "-f", "-", code=2, stdin=b"FROM scratch\n").stderr


def test_outline_of_mounts(project: Pybuild) -> None:
    """The case of buildx's own tests, on scratch."""
    (project.cwd / "Buildfile").write_text(
        "FROM scratch AS first\nRUN --mount=type=secret,target=/etc/passwd,required=true --mount=type=ssh true\n"
        "FROM scratch AS second\nRUN --mount=type=secret,id=unused --mount=type=ssh,id=ssh2 true\n"
        "FROM scratch AS third\nARG BAR\nRUN --mount=type=secret,id=second${BAR} true\n"
        "FROM third AS target\nCOPY --from=first /foo /\n"
        "RUN --mount=type=ssh,id=ssh3,required --mount=type=cache,target=/c true\nFROM second\n"
    )
    asked = ("--build-arg", "BAR=678", "--target", "target")
    answer = json.loads(project.run("--call=outline,format=json", *asked).stdout)
    for member in ("args", "secrets", "ssh", "cache"):
        for item in answer[member]:
            item["line"] = item.pop("location")["ranges"][0]["start"]["line"]
    assert answer["args"] == [{"name": "BAR", "value": "678", "line": 6}]
    assert answer["secrets"] == [{"name": "passwd", "required": True, "line": 2}, {"name": "second678", "line": 7}]
    assert answer["ssh"] == [{"name": "default", "line": 2}, {"name": "ssh3", "required": True, "line": 10}]
    assert answer["cache"] == [{"ID": "/c", "line": 10}]
    assert project.run("--call=outline", *asked).stdout.splitlines()[-8:] == [
        "second678",
        "",
        "SSH       REQUIRED",
        "default",
        "ssh3      true",
        "",
        "CACHE MOUNT",
        "/c",
    ]


def test_what_is_not_built_needs_no_permission(project: Pybuild) -> None:
    (project.cwd / "Buildfile").write_text("FROM scratch\nRUN --network=host --security=insecure true\n")
    assert project.run("check").stdout == "Check complete, no warnings found.\n"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (
            "FROM scratch AS Mine\nMAINTAINER x\nBAD\nFROM scratch AS Other\n",
            ["StageNameCasing", "MaintainerDeprecated"],
        ),
        ("FROM scratch as ${x}\n", ["FromAsCasing"]),
        ("MAINTAINER x\nFROM scratch as a\n", ["MaintainerDeprecated"]),
        ("FROM scratch\nMAINTAINER x\nENV a\n", []),
        (
            "FROM scratch\nMAINTAINER x\nRUN a \\\n\nb\nCOPY --x a /\nRUN c \\\n\nd\n",
            ["MaintainerDeprecated", "NoEmptyContinuation"],
        ),
    ],
    ids=["unknown", "stage-name", "no-stage", "no-value", "flag"],
)
def test_a_file_with_a_mistake_is_checked_up_to_there(pybuild: Pybuild, text: str, rules: list[str]) -> None:
    """As BuildKit's parser warns while it reads; one that cannot tell the instructions apart says nothing else."""
    write(pybuild.cwd, {"Buildfile": text})
    answer = json.loads(pybuild.run("build", "--call=check,format=json", code=1).stdout)
    assert answer["buildError"]
    found = [warning["ruleName"] for warning in answer["warnings"]]
    assert list(dict.fromkeys(found)) == rules
    said = pybuild.run("build", code=1).stderr
    assert all(rule in said for rule in rules)
