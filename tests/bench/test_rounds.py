from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.peers.protocol import Bases, BuildFailedError, UnusableError
from tests.bench.peers.table import find_peers
from tests.bench.report import Setting, as_json, as_table
from tests.bench.rounds import Bench, Measured
from tests.bench.workloads.definition import SMALL
from tests.bench.workloads.table import WORKLOADS

COLD, NOOP = WORKLOADS["run-cold"], WORKLOADS["run-noop"]
BASES = Bases("base", "warm")


class ToyPeer:
    """Keeps a diary instead of building."""

    makes = "nothing"

    def __init__(self, name: str, diary: list[str], shell: str = "true") -> None:
        self.name = name
        self._diary = diary
        self._shell = shell

    def version(self) -> str:
        return "1"

    def make_cold(self, bases: Bases) -> None:
        assert bases == BASES
        self._diary.append(f"{self.name} cold")

    def command(self, context: str, *, cold: bool) -> list[str]:
        assert context == "context"
        self._diary.append(f"{self.name} build{' cold' if cold else ''}")
        return ["sh", "-c", self._shell]

    def check(self) -> None:
        self._diary.append(f"{self.name} check")

    def close(self) -> None:
        self._diary.append(f"{self.name} close")


def bench(folder: Path, *peers: ToyPeer, rounds: int = 1) -> Bench:
    return Bench(peers, BASES, rounds, f"{folder}/log", lambda _line: None)


def test_cold_builds_take_turns_and_each_starts_cold(tmp_path: Path) -> None:
    diary: list[str] = []
    measured = bench(tmp_path, ToyPeer("a", diary), ToyPeer("b", diary), rounds=2).measure(COLD, "context")
    one = ["a cold", "a build cold", "a check", "b cold", "b build cold", "b check"]
    assert diary == one * 3
    assert [len(taken) for taken in measured.seconds.values()] == [2, 2]


def test_repetitions_are_primed_once(tmp_path: Path) -> None:
    diary: list[str] = []
    bench(tmp_path, ToyPeer("a", diary), rounds=1).measure(NOOP, "context")
    assert diary == ["a cold", "a build cold", *["a build", "a check"] * 2]


def test_a_failing_build_ends_the_benchmark_with_its_output(tmp_path: Path) -> None:
    broken = ToyPeer("a", [], "echo no space left >&2; exit 3")
    with pytest.raises(BuildFailedError, match=r"(?s)exit code 3.*no space left"):
        bench(tmp_path, broken).measure(COLD, "context")


def test_the_report_says_medians_and_ratios() -> None:
    peers = [ToyPeer("pybuild", []), ToyPeer("buildkit", [])]
    setting = Setting(SMALL, 1, 3, peers, {"docker": "no docker daemon answers"})
    results = [Measured(COLD, {"pybuild": [1.0, 9.0, 2.0], "buildkit": [4.0, 4.0, 5.0]})]
    table = as_table(setting, results)
    assert "4.000 (0.50)" in table
    assert "left out: docker: no docker daemon answers" in table
    (row,) = json.loads(json.dumps(as_json(setting, results)))["workloads"]
    assert (row["median"], row["ratio"]) == ({"pybuild": 2.0, "buildkit": 4.0}, {"buildkit": 0.5})


def test_a_peer_that_is_asked_for_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnusableError, match="buildah is not installed"):
        find_peers("buildah", str(tmp_path), may_prune=False)
    with pytest.raises(UnusableError, match="unknown peer 'buildha'"):
        find_peers("buildha", str(tmp_path), may_prune=False)
    assert set(find_peers("auto", str(tmp_path), may_prune=False)[1]) >= {"buildah", "buildkit", "docker"}
