"""Whole Buildfiles against kept plans, and against what BuildKit makes of the same text.

`golden/CASE/` holds `Buildfile`, `options.json` where the options are not the usual ones, `plan.json` (ours) and
`buildkit.json`: config, history, processes, file operations and warnings that BuildKit's dockerfile2llb (master of
2026-08, called by a small Go program) gives for it on the images of `bases.json`. That one is an independent witness,
never written by our code. To refresh `plan.json` after an intended change, and then read the diff:

    PYBUILD_REFRESH_GOLDEN=1 pytest tests/plan/test_golden.py
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from builder.model.platform import Platform
from builder.plan.codec import to_json
from builder.plan.paths import clean
from builder.plan.types import Action, CopyAction, Plan, PlanOptions, RunAction, WorkdirAction
from tests.plan.planning import GOLDEN, OPTIONS, plan_of

CASES = sorted(entry.name for entry in os.scandir(GOLDEN) if entry.is_dir())


def read(case: str, name: str) -> Any:
    with open(os.path.join(GOLDEN, case, name), encoding="utf-8") as file:
        return json.load(file) if name.endswith(".json") else file.read()


def options_of(case: str) -> PlanOptions:
    if not os.path.exists(os.path.join(GOLDEN, case, "options.json")):
        return OPTIONS
    members = read(case, "options.json")
    for name in ("build_args", "labels"):
        members[name] = tuple(members.get(name, {}).items())
    if "target_platform" in members:
        members["target_platform"] = Platform.parse(members["target_platform"])
    return OPTIONS._replace(**members)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def plan(case: str) -> Plan:
    return plan_of(read(case, "Buildfile"), options_of(case))


def all_actions(plan: Plan) -> list[Action]:
    return [step.action for stage in plan.stages for step in stage.steps]


def test_plan_is_the_kept_one(case: str, plan: Plan) -> None:
    path = os.path.join(GOLDEN, case, "plan.json")
    if os.environ.get("PYBUILD_REFRESH_GOLDEN"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(to_json(plan), indent=1, ensure_ascii=False) + "\n")
    assert to_json(plan) == read(case, "plan.json")


def test_config_is_buildkits(case: str, plan: Plan) -> None:
    expected = read(case, "buildkit.json")["image"]
    ours = plan.target.config.to_json()
    for value in (expected, ours):
        for member in ("rootfs", "history", "created"):
            value.pop(member, None)
    assert ours == expected


def test_history_is_buildkits(case: str, plan: Plan) -> None:
    """BuildKit sets the time of new entries here where an epoch is given; we do so when the image is written."""
    expected = read(case, "buildkit.json")["image"].get("history") or []
    base = plan.target.config.history
    for entry in expected[len(base) :]:
        entry.pop("created", None)
    ours = plan.target.config._replace(history=base + plan.target.history).to_json()["history"]
    assert ours == expected


def test_processes_are_buildkits(case: str, plan: Plan) -> None:
    ours = [
        {
            "args": list(action.argv),
            "env": [f"{name}={value}" for name, value in action.env],
            "cwd": action.cwd,
            "user": action.user,
            "network": {"default": "UNSET"}.get(action.network, action.network.upper()),
        }
        for action in all_actions(plan)
        if isinstance(action, RunAction)
    ]
    expected = read(case, "buildkit.json")["execs"]
    for process in expected:
        process.pop("proxy", None)
        process["cwd"] = os.path.normpath(process["cwd"])
    assert sorted(map(repr, map(sorted_items, ours))) == sorted(map(repr, map(sorted_items, expected)))


def sorted_items(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(value.items())


def test_file_operations_are_buildkits(case: str, plan: Plan) -> None:
    """Sources, destinations, symbolic modes and directories. What BuildKit ends with `/.` ends with `/` here."""
    expected = set()
    for operation in (item["Action"] for item in read(case, "buildkit.json")["files"]):
        if "copy" in operation:
            copy = operation["copy"]
            expected.add(("copy", copy["src"], copy["dest"].removesuffix("."), copy.get("modeStr", "")))
        elif "mkdir" in operation:
            expected.add(("mkdir", operation["mkdir"]["path"], "", ""))
    ours = set()
    for action in all_actions(plan):
        if isinstance(action, CopyAction):
            mode = "" if action.chmod.isdigit() else action.chmod
            sources = [*action.paths, *(file.name for file in action.inline)]
            ours |= {("copy", clean(source), action.dest, mode) for source in sources}
        elif isinstance(action, WorkdirAction):
            ours.add(("mkdir", action.path, "", ""))
    assert ours == expected


def test_warnings_are_buildkits(case: str, plan: Plan) -> None:
    """Rules and lines; the texts are our own."""
    expected = [(item["line"], item["rule"]) for item in read(case, "buildkit.json")["warnings"]]
    assert sorted((item.span.line, item.rule) for item in plan.warnings) == sorted(expected)


def test_epoch_is_buildkits(case: str, plan: Plan) -> None:
    assert plan.epoch == read(case, "buildkit.json").get("epoch")
