from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import main
from tests.support.machine import missing_for_run


@pytest.mark.kernel
def test_one_command_measures_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if missing_for_run():
        pytest.skip(missing_for_run())
    result = tmp_path / "result.json"
    names = ["noop-steps", "run-noop"]
    options = ["--scale", "small", "--rounds", "2", "--peers", "none", "--json", str(result)]
    assert main([*options, "--workloads", ",".join(names)]) == 0
    written = json.loads(result.read_text())
    assert [row["name"] for row in written["workloads"]] == names
    assert all(len(row["seconds"]["pybuild"]) == 2 for row in written["workloads"])
    assert "no-op rebuild, 4 steps" in capsys.readouterr().out


def test_a_peer_that_is_not_known_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--peers", "docket"]) == 1
    assert "unknown peer 'docket'" in capsys.readouterr().err
