from __future__ import annotations

import pytest

from tests.bench.transfers import main


def test_pushing_and_pulling_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "1m", "--rounds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"push", "pull"}
    assert all("ratio" in line for line in lines)
