from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.examples.conftest import Example
from tests.support.cli import Pybuild

pytestmark = pytest.mark.kernel


def test_both_stages_reach_the_image(example: Example, pybuild: Pybuild, tmp_path: Path) -> None:
    folder = example("multi-stage")
    report = pybuild.files(folder, into=tmp_path / "files") / "report"
    poems = sorted(Path(folder, "poems").glob("*.txt"))
    counted = Counter(re.findall("[a-z]+", "".join(poem.read_text() for poem in poems).lower()))
    words = [line.split() for line in (report / "words").read_text().splitlines()]
    assert len(words) == 20
    assert all(counted[word] == int(count) for count, word in words)
    sums = [f"{hashlib.sha256(poem.read_bytes()).hexdigest()}  {poem.name}\n" for poem in poems]
    assert (report / "checksums").read_text() == "".join(sums)


def test_a_stage_that_makes_the_same_file_again_leaves_its_copy_cached(example: Example, pybuild: Pybuild) -> None:
    folder = example("multi-stage")
    pybuild.build(folder)
    with open(f"{folder}/poems/tyger.txt", "a", encoding="utf-8") as poem:
        poem.write("  \n")
    ran = list(pybuild.ran(folder))
    assert any("sort" in step for step in ran)
    assert any("COPY --from=checksums" in step for step in ran)
    assert not any("COPY --from=words" in step for step in ran)


def test_a_target_builds_only_what_it_needs(example: Example, pybuild: Pybuild) -> None:
    steps = pybuild.ran("--target", "words", example("multi-stage"))
    assert any("uniq -c" in step for step in steps)
    assert not any("sha256sum" in step for step in steps)
