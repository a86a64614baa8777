"""Rows of the language reference about what ignore files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.images import complaint, files_of, in_folder
from tests.support.cli import Pybuild


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    return in_folder(tmp_path)


def left(pybuild: Pybuild, rules: str, *paths: str) -> set[str]:
    """Which files of `paths` the rules leave."""
    context = {".dockerignore": f"{rules}\nDockerfile\n.dockerignore\n", **dict.fromkeys(paths, "")}
    found = files_of(pybuild, "FROM scratch\nCOPY . /\n", context)
    return {path[1:] for path, line in found.items() if line.startswith("file")}


def test_line_syntax(pybuild: Pybuild) -> None:
    """Line syntax"""
    rules = "#a\n #b\n  c  \n/d\ne/\n./f\ng/../h\n\n"
    paths = ("#a", "#b", "c", "d", "e/x", "f", "h", "i")
    assert left(pybuild, rules, *paths) == {"#a", "i"}


def test_patterns(pybuild: Pybuild) -> None:
    """Patterns"""
    rules = "foo\n*.o\n?x\n[k-m]1\nd/*/deep\n**/any\ns/**/t\n\\*lit\n"
    gone = ("foo", "a.o", "yx", "l1", "d/e/deep", "any", "p/q/any", "s/t", "s/u/v/t", "*lit")
    kept = {"a/foo", "a/b.o", "yyx", "n1", "d/deep", "xlit"}
    assert left(pybuild, rules, *gone, *kept) == kept


def test_order(pybuild: Pybuild) -> None:
    """Order"""
    assert left(pybuild, "d\n!d/a\nd/a\n!d/b\n", "d/a", "d/b", "d/c/e") == {"d/b"}


def test_exceptions(pybuild: Pybuild) -> None:
    """`!`"""
    assert left(pybuild, "*\n!d/e/f\n!*.md\n", "a", "b.md", "d/e/f", "d/e/g", "d/b.md") == {"b.md", "d/e/f"}
    assert "!" in complaint(pybuild, "FROM scratch\nCOPY . /\n", {".dockerignore": "!\n"})
