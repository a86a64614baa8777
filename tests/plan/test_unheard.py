from __future__ import annotations

import pytest

from builder.plan.unheard import unheard_arguments
from builder.syntax.parse import parse

BUILDFILE = b"ARG TAG=1\nFROM a\nARG VERSION OTHER=2\nRUN x\nARG VERSION\n"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"VERSOIN": "1"}, {"VERSOIN": ("VERSION", 5)}),
        ({"version": "1"}, {"version": ("VERSION", 5)}),
        ({"OTHERS": "1", "VERSION": "2"}, {"OTHERS": ("OTHER", 3)}),
        ({"VERSION": "1", "VERSIONS": "2"}, {}),
        ({"TAQ": "1", "HTTP_PROXY": "x", "SOMETHING": "else"}, {}),
    ],
)
def test_names_that_are_nearly_those_of_an_arg(given: dict[str, str], meant: dict[str, tuple[str, int]]) -> None:
    found = list(unheard_arguments(parse(BUILDFILE), given.items()))
    assert [(remark.rule, remark.message, remark.span.line) for remark in found] == [
        ("UnusedBuildArg", f"No ARG is called '{name}' (did you mean {arg}?)", line)
        for name, (arg, line) in meant.items()
    ]
