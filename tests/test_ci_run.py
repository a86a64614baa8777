"""`.ci/run` installs every program that a test looks for: what is skipped elsewhere is run there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_FROM_APT = {"git", "pybuild", "buildctl"}
"""git is what the checkout came with, pybuild what the environment holds; Debian has no BuildKit, whose results are
recorded in tests/differential."""


def test_nothing_is_skipped_there_for_want_of_a_program() -> None:
    installed = set(re.findall(r"\[([a-z0-9-]+)\]=", (ROOT / ".ci" / "run").read_text()))
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "bench" not in path.parts]
    wanted = {name for path in tests for name in re.findall(r'(?:which|tool)\("([a-z0-9-]+)"', path.read_text())}
    assert wanted - installed - NOT_FROM_APT == set()
