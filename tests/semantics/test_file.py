"""Rows of the language reference about the file: lines, directives, flags, forms of words."""

from __future__ import annotations

from typing import TypeVar

import pytest

from builder.errors import BuilderError
from builder.syntax.instructions import Buildfile, Copy, From, Instruction, Volume
from builder.syntax.parse import parse
from tests.plan.planning import OPTIONS, plan_of, runs

T = TypeVar("T", bound=Instruction)


def read(text: str) -> Buildfile:
    return parse(text.encode())


def directives(text: str) -> dict[str, str]:
    return dict(read(text).directives)


def only(text: str, kind: type[T]) -> T:
    """The one instruction of that kind."""
    (found,) = [instruction for instruction in read(text).instructions if isinstance(instruction, kind)]
    return found


def commands(text: str) -> list[str]:
    """What runs give to the shell."""
    return [run.argv[-1] for run in runs(plan_of(text))]


def refused(text: str) -> str:
    with pytest.raises(BuilderError) as caught:
        plan_of(text)
    return str(caught.value)


def test_byte_order_mark_and_shebang_line() -> None:
    """BOM / shebang line. Found: BuildKit skips `#!` only where it looks for a frontend's name; for other directives
    it is a plain comment, which ends them."""
    assert directives("\ufeff# escape=`\nFROM plain\n") == {"escape": "`"}
    assert directives("#!/usr/bin/env builder\n# escape=`\nFROM plain\n") == {}
    assert commands("FROM plain\n#!/bin/sh\nRUN a\n") == ["a"]


def test_comments() -> None:
    """Comments"""
    assert commands("  # c\nFROM plain # no comment\n".replace(" # no comment", "") + "RUN a # data\n\t# c\n") == [
        "a # data"
    ]
    assert commands("FROM plain\nRUN a \\\n# gone\n  # gone, too\n b\n") == ["a  b"]


def test_empty_lines_in_a_continuation() -> None:
    """Empty lines in a continuation: tolerated; the warning is tested with the rules"""
    assert commands("FROM plain\nRUN a \\\n\n  \n b\nRUN c\n") == ["a  b", "c"]


def test_line_continuation() -> None:
    """Line continuation"""
    assert commands("FROM plain\nRUN a \\ \t\nb\n") == ["a b"]
    assert commands("FROM plain\nRUN a \\\\\nRUN b\n") == ["a \\\\", "b"]
    assert commands("FROM plain\nRUN a \\\\\\\nRUN b\n") == ["a \\\\\\", "b"]
    assert commands("FROM plain\nRUN a \\") == ["a"]


def test_leading_blanks() -> None:
    """Leading blanks"""
    assert commands(" \tFROM plain\n  RUN a\n   # c\n") == ["a"]
    (heredoc,) = only("FROM plain\nCOPY <<E /x\n  two\n\ttab\nE\n", Copy).heredocs
    assert heredoc.body == "  two\n\ttab\n"


def test_instruction_names() -> None:
    """Instruction names"""
    assert commands("from plain\nrUn a\n") == ["a"]
    assert "RUN" in refused("FROM plain\nRUM a\n")
    for empty in ("", "# only\n\n", "\n\n"):
        with pytest.raises(BuilderError):
            read(empty)


def test_line_limit() -> None:
    """Line limit: as BuildKit, whose scanner takes 64 KiB, so that what builds here builds there"""
    assert commands(f"FROM plain\nRUN {'x' * 60_000}\n") == ["x" * 60_000]
    assert "long" in refused(f"FROM plain\nRUN {'x' * 70_000}\n")


def test_escape_directive() -> None:
    """`# escape=`"""
    text = "# escape=`\nFROM plain\nENV V=v\nLABEL a=`$V b=\\$V c=x` y\nCOPY <<E /\n\\$V `$V\nE\n"
    assert plan_of(text).target.config.config.labels == (("a", "$V"), ("b", "\\v"), ("c", "x y"))
    for wrong in ("# escape=x\nFROM plain\n", "# escape=\\\\\nFROM plain\n"):
        with pytest.raises(BuilderError, match="escape"):
            read(wrong)


def test_syntax_directive() -> None:
    """`# syntax=`: accepted and ignored, and so is the build argument. Found: the other two forms are for files in
    other languages, and BuildKit's own frontend refuses a Dockerfile with them as we do."""
    assert directives("# syntax=docker/dockerfile:1\nFROM plain\n") == {"syntax": "docker/dockerfile:1"}
    for form in ("//syntax=x", '{"syntax": "x"}'):
        with pytest.raises(BuilderError, match="unknown instruction"):
            read(f"{form}\nFROM plain\n")
    given = OPTIONS._replace(build_args=(("BUILDKIT_SYNTAX", "docker/dockerfile:1"),))
    assert [run.argv[-1] for run in runs(plan_of("FROM plain\nRUN a\n", given))] == ["a"]


def test_directive_position() -> None:
    """Directive position"""
    assert directives("# EsCaPe = `\nFROM plain\n") == {"escape": "`"}
    for ended in ("# plain\n# escape=`\n", "\n# escape=`\n", "# unknown=1\n# escape=`\n"):
        assert commands(f"{ended}FROM plain\nRUN a \\\n b\n") == ["a  b"], ended
    with pytest.raises(BuilderError, match="escape"):
        read("# escape=`\n# escape=`\nFROM plain\n")


def test_flags() -> None:
    """Flags"""
    plain = "FROM plain\n"
    assert only(plain + 'COPY --chown="1:2" --link --parents=TRUE -- --a /b/\n', Copy).chown == "1:2"
    assert only(plain + "COPY -- --a /b/\n", Copy).sources == ("--a",)
    assert len(only(plain + "COPY --exclude=a --exclude=b c d\n", Copy).exclude) == 2
    for wrong in (
        "COPY --link= a b",
        "COPY --link=maybe a b",
        "COPY --chown=1 --chown=1 a b",
        "COPY --link --link a b",
    ):
        refused(f"{plain}{wrong}\n")


def test_unknown_flags() -> None:
    """Unknown flags"""
    assert "chown" in refused("FROM plain\nCOPY --chwon=1 a b\n")
    assert plan_of("FROM plain\nARG --what A=1\nSTOPSIGNAL --what 9\n").target.config.config.stop_signal == "9"
    assert plan_of("FROM plain\nHEALTHCHECK --what NONE\n").target.config.config.healthcheck is not None
    refused("FROM plain\nMAINTAINER --what me\n")


def test_json_form() -> None:
    """JSON (exec) form"""
    assert runs(plan_of('FROM plain\nRUN [ "a", "b c" ] \n'))[0].argv == ("a", "b c")
    for shell in ("['a', 'b']", '["a"] b', '["a",]', '["a"'):
        assert commands(f"FROM plain\nRUN {shell}\n") == [shell]
    for hard in ('["a", 1]', "[1]", '["a", null]', '[["a"]]'):
        refused(f"FROM plain\nRUN {hard}\n")
    assert only("FROM plain\nCOPY ['a', 'b']\n", Copy).sources == ("['a',",)
    assert only('FROM plain\nVOLUME ["/a" /b\n', Volume).paths == ('["/a"', "/b")


def test_word_splitting() -> None:
    """Word splitting"""
    text = 'FROM plain\nENV A="a b" B=\'c d\' C=e\\ f\nLABEL "k 1"=v\\ w\nARG X="1 2" Y=3\\ 4\nRUN  echo   a  "b   c"\n'
    plan = plan_of(text)
    assert plan.target.config.config.env[1:] == ("A=a b", "B=c d", "C=e f")
    assert plan.target.config.config.labels == (("k 1", "v w"),)
    assert dict(runs(plan)[0].env)["Y"] == "3 4"
    assert commands(text) == ['echo   a  "b   c"']


def test_doc_comments() -> None:
    """Doc comments: of arguments in tests/calls, where the outline prints them"""
    text = "# dev for development\nFROM plain AS dev\n# other words\nFROM plain AS two\n"
    found = read(text).instructions
    assert [part.comment for part in found if isinstance(part, From)] == ["for development", ""]
