"""What `pybuild doctor` says."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from builder.cli.main import main
from builder.sandbox.probe import Finding, State, probe, works
from builder.sandbox.subordinate import subordinate_ranges


def test_a_machine_that_runs_these_tests_works(tmp_path: Path) -> None:
    findings = probe(str(tmp_path))
    assert works(findings)
    assert {"kernel", "namespaces", "root: overlay", "root: copy", "seccomp"} <= {finding.name for finding in findings}
    assert all(finding.state is State.OK or finding.detail for finding in findings)
    assert os.listdir(tmp_path) == []


def test_what_is_missing_makes_the_difference() -> None:
    assert not works([Finding("x", State.OK, ""), Finding("y", State.MISSING, "gone")])
    assert works([Finding("z", State.OPTIONAL, "not there", "Install it.")])


def test_doctor_as_table_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path / "store"), "doctor"]) == 0
    assert "RUN works here." in capsys.readouterr().out
    assert main(["--root", str(tmp_path / "store"), "doctor", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["run"] is True
    assert {"name", "state", "detail", "hint"} == set(answer["findings"][0])


def test_ranges_are_found_by_name_and_by_number(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("root:1:2\n0:30:40\nother:5:6\nroot:broken\nroot:a:b\n")
    assert subordinate_ranges(str(file), 0) == [(1, 2), (30, 40)]
    assert subordinate_ranges(str(tmp_path / "none"), 0) == []
