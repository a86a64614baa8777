"""Rows of the language reference about where files and stages come from: named contexts, ignore files, names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder.errors import BuildfileError
from builder.plan.types import NamedContext, SourceKind
from tests.plan.planning import OPTIONS, MemoryImages, copies, plan_of
from tests.support.cli import Pybuild, write


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    (tmp_path / "context").mkdir()
    return Pybuild(tmp_path / "store", tmp_path / "context")


def built(pybuild: Pybuild, out: Path, *args: str) -> dict[str, str]:
    """Files of the result by their path, with their text."""
    root = pybuild.files(*args, into=out)
    return {
        os.path.relpath(os.path.join(folder, name), root): (Path(folder) / name).read_text()
        for folder, _, names in os.walk(root)
        for name in names
    }


def test_which_file(pybuild: Pybuild, tmp_path: Path) -> None:
    """Which file"""
    write(pybuild.cwd, {"Other": "FROM scratch\nCOPY . /\n", "a": "a", "b": "b", ".dockerignore": "a\nOther*\n"})
    assert set(built(pybuild, tmp_path / "1", "-f", "Other", ".")) == {"b", ".dockerignore"}
    write(pybuild.cwd, {"Other.dockerignore": "b\nOther*\n.docker*\n"})
    assert set(built(pybuild, tmp_path / "2", "-f", "Other", ".")) == {"a"}


def test_which_file_beside_a_buildfile_elsewhere(pybuild: Pybuild, tmp_path: Path) -> None:
    """Which file"""
    write(pybuild.cwd, {"ctx/a": "a", "ctx/b": "b", "files/My": "FROM scratch\nCOPY . /\n"})
    write(pybuild.cwd, {"files/My.dockerignore": "a\n", "ctx/My.dockerignore": "*\n"})
    assert set(built(pybuild, tmp_path / "out", "-f", "files/My", "ctx")) == {"b", "My.dockerignore"}


def test_self_ignore(pybuild: Pybuild, tmp_path: Path) -> None:
    """Self-ignore"""
    write(
        pybuild.cwd, {"Dockerfile": "FROM scratch\nCOPY . /\n", ".dockerignore": "Dockerfile\n.dockerignore\n", "a": ""}
    )
    assert set(built(pybuild, tmp_path / "out", ".")) == {"a"}


def test_other_contexts(pybuild: Pybuild, tmp_path: Path) -> None:
    """Other contexts"""
    text = "FROM scratch\nCOPY . /main/\nCOPY --from=other . /other/\n"
    write(pybuild.cwd, {"m/Dockerfile": text, "m/a": "", "m/b": "", "m/Dockerfile.dockerignore": "a\nDocker*\n"})
    write(
        pybuild.cwd, {"o/a": "", "o/b": "", "o/.dockerignore": "b\n.dockerignore\n", "o/Dockerfile.dockerignore": "*"}
    )
    found = built(pybuild, tmp_path / "out", "--build-context", "other=o", "m")
    assert set(found) == {"main/b", "other/a", "other/Dockerfile.dockerignore"}


@pytest.mark.parametrize("args", [(".",), ("-f", "Dockerfile", ".")])
def test_name_fallback(pybuild: Pybuild, tmp_path: Path, args: tuple[str, ...]) -> None:
    """Name fallback"""
    write(pybuild.cwd, {"dockerfile": "FROM scratch\nCOPY a /\n", "a": "a"})
    assert built(pybuild, tmp_path / "out", *args) == {"a": "a"}


def test_named_contexts_in_the_place_of_images(pybuild: Pybuild, tmp_path: Path) -> None:
    """Named contexts"""
    text = "FROM docker.io/library/thing:latest\nCOPY --from=registry.example/app:2 f /copied\n"
    write(pybuild.cwd, {"Dockerfile": text, "one/base": "base", "two/f": "f"})
    args = ("--build-context", "thing=one", "--build-context", "registry.example/app:2=two")
    assert built(pybuild, tmp_path / "out", *args, ".") == {"base": "base", "copied": "f"}


def test_named_contexts_in_the_place_of_stages() -> None:
    """Named contexts"""
    options = OPTIONS._replace(contexts=(NamedContext("build"),))
    text = "FROM nowhere AS build\nRUN false\nONBUILD ENV A=1\nFROM build\nCOPY --from=build f /\n"
    plan = plan_of(text, options, MemoryImages({}))
    first, second = plan.stages
    assert [step.kind for step in first.steps] == ["copy"]
    assert copies(plan)[0].source == (SourceKind.CONTEXT, -1, -1, "build")
    assert "A=1" in second.config.config.env, "triggers of the stage's text are kept, BuildKit reads them there"


def test_named_contexts_of_one_platform(pybuild: Pybuild, tmp_path: Path) -> None:
    """Named contexts"""
    write(pybuild.cwd, {"Dockerfile": "FROM base\n", "arm/f": "arm", "any/f": "any"})
    args = ("--build-context", "base::linux/arm64=arm", "--build-context", "base=any")
    assert built(pybuild, tmp_path / "1", "--platform", "linux/arm64", *args, ".") == {"f": "arm"}
    assert built(pybuild, tmp_path / "2", "--platform", "linux/amd64", *args, ".") == {"f": "any"}


@pytest.mark.parametrize(
    ("name", "second"), [("scratch", SourceKind.STAGE), ("Scratch", SourceKind.STAGE), ("context", SourceKind.SCRATCH)]
)
def test_reserved_names(name: str, second: SourceKind) -> None:
    """FROM scratch, Reserved names"""
    options = OPTIONS._replace(contexts=(NamedContext("scratch"), NamedContext("context")))
    plan = plan_of(f"FROM scratch AS {name}\nCOPY a /\nFROM scratch\nCOPY --from={name} a /\n", options)
    assert [stage.base.kind for stage in plan.stages] == [SourceKind.SCRATCH, second], "a stage above is found first"
    assert copies(plan)[0].source == (SourceKind.STAGE, 0, -1, "")


def test_from_stage_lookup() -> None:
    """FROM stage lookup"""
    with pytest.raises(BuildfileError, match="FROM Base is neither a stage nor an image"):
        plan_of("FROM scratch AS base\nFROM Base\n")
    plan = plan_of("FROM scratch AS Base\nCOPY a /\nFROM scratch\nCOPY --from=BASE a /\n")
    assert copies(plan)[0].source.stage == 0
    assert plan_of("FROM scratch AS base\nCOPY a /\n", OPTIONS._replace(target="BASE")).target.name == "base"


def test_duplicate_stage_names() -> None:
    """Duplicate stage names"""
    text = "FROM scratch AS a\nCOPY one /\nFROM scratch\nCOPY --from=a one /\nFROM scratch AS a\nCOPY two /\n"
    with pytest.raises(BuildfileError, match="comes later in the file"):
        plan_of(text, OPTIONS._replace(target="1"))
    assert plan_of(text, OPTIONS._replace(target="a")).target.position == 2


def test_unreachable_stages() -> None:
    """Unreachable stages"""
    images = MemoryImages({})
    plan = plan_of("FROM nowhere AS unused\nRUN false\nFROM scratch\nCOPY a /\n", images=images)
    assert [stage.position for stage in plan.stages] == [1]
    assert images.asked == []
    with pytest.raises(BuildfileError, match="stages wait for each other"):
        plan_of("FROM scratch AS a\nCOPY --from=b x /\nFROM scratch AS b\nCOPY --from=a x /\nFROM scratch\n")
