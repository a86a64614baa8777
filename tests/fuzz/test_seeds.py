"""Every input that was kept still gives BuildKit's answer; and a short run of new ones goes through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.run import Run
from tests.fuzz.seeds import SEEDS, load, seeds
from tests.fuzz.targets import TARGETS

KEPT = [(name, path) for name, target in TARGETS.items() for path in seeds(target)]


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{name}-{path.stem}" for name, path in KEPT])
def test_a_kept_input_has_buildkits_answer(name: str, path: Path) -> None:
    seed = load(path)
    ours = TARGETS[name].answer(seed["input"])
    assert ours == seed["answer"] or TARGETS[name].excused(seed["input"], ours, seed["answer"])


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_seeds_and_is_named_as_they_are(name: str) -> None:
    assert (SEEDS / name).is_dir()
    assert seeds(TARGETS[name])


@pytest.mark.parametrize("name", TARGETS)
def test_a_run_finds_nothing_in_its_first_inputs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(TARGETS[name], 1, [load(path)["input"] for path in seeds(TARGETS[name])], peer="", folder=None)
    run.next_batch()
    assert run.findings == 0, capsys.readouterr().out
