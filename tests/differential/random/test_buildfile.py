"""Random cases are the same each time, and are files that a case can be made of."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.differential.case import load_case, make_context
from tests.differential.random.__main__ import write
from tests.differential.random.buildfile import KINDS, make
from tests.differential.random.shrink import shrink


def test_a_case_comes_of_its_seed_alone() -> None:
    made = [json.dumps(make(Random(f"1/{number}"), tuple(KINDS))) for number in range(20)]
    assert made == [json.dumps(make(Random(f"1/{number}"), tuple(KINDS))) for number in range(20)]
    assert len(set(made)) == 20


def test_a_finding_is_a_case(tmp_path: Path) -> None:
    made = make(Random("no owners: 5"), ("copy",))
    context = {name: what for name, what in made[1]["context"].items() if "owner" not in what}
    write(tmp_path / "found", (made[0], {**made[1], "context": context}), "http://127.0.0.1")
    folder = make_context(load_case(tmp_path / "found"), str(tmp_path / "context"))
    assert {"Dockerfile", "trigger"} <= {path.name for path in Path(folder).iterdir()}


def test_shrinking_leaves_what_shows_the_difference() -> None:
    text = "FROM base\nENV A=1\nCOPY a /\nRUN true"
    context = {"a": "a", "b": "b", "c": {"hardlink": "b"}}
    small = shrink((text, {"context": context}), lambda made: "COPY a" in made[0] and "c" in made[1]["context"])
    assert small == ("COPY a /", {"context": {"b": "b", "c": {"hardlink": "b"}}})
