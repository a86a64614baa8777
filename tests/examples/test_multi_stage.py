from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.conftest import Pybuild

pytestmark = pytest.mark.kernel

Example = Callable[[str], Path]


def test_both_stages_reach_the_image(example: Example, pybuild: Pybuild, tmp_path: Path) -> None:
    folder = example("multi-stage")
    pybuild("-o", tmp_path / "files", folder)
    poems = sorted((folder / "poems").glob("*.txt"))
    counted = Counter(re.findall("[a-z]+", "".join(poem.read_text() for poem in poems).lower()))
    words = [line.split() for line in (tmp_path / "files/report/words").read_text().splitlines()]
    assert len(words) == 20
    assert all(counted[word] == int(count) for count, word in words)
    sums = [f"{hashlib.sha256(poem.read_bytes()).hexdigest()}  {poem.name}\n" for poem in poems]
    assert (tmp_path / "files/report/checksums").read_text() == "".join(sums)


def test_a_stage_that_makes_the_same_file_again_leaves_its_copy_cached(example: Example, pybuild: Pybuild) -> None:
    folder = example("multi-stage")
    pybuild("-t", "poems", folder)
    with (folder / "poems/tyger.txt").open("a") as poem:
        poem.write("  \n")
    progress = pybuild("-t", "poems", folder).stderr
    cached = [line for line in progress.splitlines() if "CACHED" in line]
    assert any("COPY --from=words" in line for line in cached), progress
    assert not any("COPY --from=checksums" in line for line in cached), progress


def test_a_target_builds_only_what_it_needs(example: Example, pybuild: Pybuild) -> None:
    progress = pybuild("-t", "words", "--target", "words", example("multi-stage")).stderr
    assert "uniq -c" in progress
    assert "sha256sum" not in progress
