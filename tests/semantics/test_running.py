"""Rows of the language reference about RUN without flags; what the commands do is in the differential cases."""

from __future__ import annotations

import pytest

from builder.errors import BuilderError
from tests.plan.planning import plan_of, runs


def test_shell_form() -> None:
    """RUN shell form"""
    text = 'FROM plain\nENTRYPOINT ["ignored"]\nRUN a \\\n# gone\n  "b  c" $V\nSHELL ["s", "-c"]\nRUN d\n'
    assert [run.argv for run in runs(plan_of(text))] == [("/bin/sh", "-c", 'a   "b  c" $V'), ("s", "-c", "d")]


def test_exec_form() -> None:
    """RUN exec form"""
    assert runs(plan_of('FROM plain\nENV V=v\nRUN ["a", "$V b"]\n'))[0].argv == ("a", "$V b")
    with pytest.raises(BuilderError):
        plan_of("FROM plain\nRUN []\n")


def test_heredoc() -> None:
    """RUN heredoc"""
    text = (
        "FROM plain\nENV V=v\nRUN <<E\n$V\n\n  x\nE\nRUN <<E\n#!/bin/x\n$V\nE\nRUN cat <<A > f\n$V\nA\n"
        "RUN <<-'T' prog\n\ttab\nT\n"
    )
    shell, script, mixed, tabs = runs(plan_of(text))
    assert shell.argv == ("/bin/sh", "-c", "$V\n\n  x\n")
    assert [(file.name, file.content) for file in script.scripts] == [("E", "#!/bin/x\n$V\n")]
    assert script.argv[-1].endswith("/E")
    assert mixed.argv == ("/bin/sh", "-c", "cat <<A > f\n$V\nA")
    assert tabs.argv == ("/bin/sh", "-c", "<<-'T' prog\n\ttab\nT")
