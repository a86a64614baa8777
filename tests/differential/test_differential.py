"""Every case, against what BuildKit made of it when it was recorded; and against BuildKit itself where it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.differential.builders.buildkit import BuildKit
from tests.differential.builders.protocol import UnusableError
from tests.differential.builders.pybuild import Pybuild
from tests.differential.case import Case, all_cases
from tests.differential.comparison import Bench, judge, recorded
from tests.differential.report import describe
from tests.differential.web import serving

CASES = all_cases()


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(str(tmp_path_factory.mktemp("differential")))


@pytest.fixture(scope="session")
def pybuild(bench: Bench) -> Iterator[Pybuild]:
    pybuild = Pybuild(os.path.join(bench.folder, "store"), bench.layouts)
    yield pybuild
    pybuild.remove()


@pytest.fixture(scope="session", autouse=True)
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with serving(CASES, str(tmp_path_factory.mktemp("web"))):
        yield


@pytest.fixture(scope="session")
def buildkit(bench: Bench) -> BuildKit | None:
    try:
        return BuildKit(bench.layouts)
    except UnusableError:
        return None


def test_there_are_cases_and_each_is_recorded() -> None:
    assert len(CASES) >= 80
    assert [case.name for case in CASES if not case.expected.exists()] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pybuild_makes_what_buildkit_makes(
    case: Case, bench: Bench, pybuild: Pybuild, buildkit: BuildKit | None
) -> None:
    if case.needs_root and os.getuid():
        pytest.skip("only root can do that")
    expected = recorded(case)
    if buildkit:
        assert bench.build(case, buildkit).facts == expected, "BuildKit's result is another than what was recorded"
    verdict = judge(case, bench.build(case, pybuild), expected)
    assert verdict.agrees, describe(verdict, "buildkit")
