"""`--fix`: what is rewritten, what is left, and that nothing else changes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import BuilderError
from builder.lint.fix.fixing import Findings, Fixed, fix
from builder.pipeline.planning import make_linter
from builder.plan.make import make_plan
from builder.plan.types import Plan
from builder.syntax.parse import parse
from tests.lint.checking import OPTIONS, AnyImage, request_of


def look(data: bytes) -> Findings:
    request = request_of(data.decode())
    linter = make_linter(request)
    plan = None
    with contextlib.suppress(BuilderError):
        plan = make_plan(parse(data), OPTIONS, AnyImage(), linter, every_stage=True)
    return Findings(linter.in_order(), plan)


def fixed(text: str) -> Fixed:
    return fix(text.encode(), "Buildfile", look)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM scratch AS Base\n", "FROM scratch AS base\n"),
        ("FROM scratch \\\n  as base\n", "FROM scratch \\\n  AS base\n"),
        ("From scratch as b\nENV a=1\n", "FROM scratch AS b\nENV a=1\n"),
        ("from scratch\nCOPY a /\ncopy b /\n", "from scratch\ncopy a /\ncopy b /\n"),
        ("FROM scratch\nENV a b\n", "FROM scratch\nENV a=b\n"),
        ("FROM scratch\nENV  a   b c  \n", 'FROM scratch\nENV  a="b c"  \n'),
        ("FROM scratch\r\nENV a b \\\r\n  # why\r\n  c\r\n", 'FROM scratch\r\nENV a="b \\\r\n  # why\r\n  c"\r\n'),
        ("FROM scratch\nLABEL a $x ${y:-1 2}\n", 'FROM scratch\nLABEL a="$x ${y:-1 2}"\n'),
        ("FROM scratch\nENV a b=c\n", "FROM scratch\nENV a=b=c\n"),
        (
            'FROM scratch\nMAINTAINER Jo "x" $1 \\a\n',
            'FROM scratch\nLABEL org.opencontainers.image.authors="Jo \\"x\\" \\$1 \\\\a"\n',
        ),
        ("FROM scratch\nCOPY a \\\n\n  b \\\n \n  /\n", "FROM scratch\nCOPY a \\\n  b \\\n  /\n"),
        ("FROM scratch\nEXPOSE 80/TCP 1:2/Udp \\\n  3/tcp\n", "FROM scratch\nEXPOSE 80/tcp 1:2/udp \\\n  3/tcp\n"),
        ("FROM --platform=$TARGETPLATFORM scratch\n", "FROM scratch\n"),
        ("FROM scratch\nCMD nginx -g daemon:off\n", 'FROM scratch\nCMD ["nginx", "-g", "daemon:off"]\n'),
        ("\ufeffFROM scratch\nENV a b", "\ufeffFROM scratch\nENV a=b"),
        ("# escape=`\nFROM scratch\nENV a b `\n c\n", '# escape=`\nFROM scratch\nENV a="b `\n c"\n'),
    ],
)
def test_rewritten(before: str, after: str) -> None:
    assert fixed(before).data.decode() == after


@pytest.mark.parametrize(
    "text",
    [
        'FROM scratch\nENV a "b c" d\n',
        "FROM scratch\nENV a b\\ c d\n",
        "FROM scratch\nENV a \\\n  b\n",
        "FROM scratch\nENTRYPOINT top\n",
        'FROM scratch\nENTRYPOINT ["top"]\nCMD run it\n',
        "FROM scratch\nCMD exec nginx\n",
        "FROM scratch\nCMD echo $HOME\n",
        "FROM scratch\nCMD a && b\n",
        "FROM scratch\nCMD A=1 b\n",
        "# check=skip=all\nFROM scratch as B\nENV a b\n",
        "FROM scratch\n# check=skip=LegacyKeyValueFormat\nENV a b\n",
        "FROM scratch\nEXPOSE $p/TCP\n",
        "FROM scratch\nRUN <<E\nenv a b\n\nE\n",
        "FROM\n",
    ],
)
def test_left_as_it_is(text: str) -> None:
    result = fixed(text)
    assert result.data.decode() == text
    assert result.made == ()


WORDS = st.sampled_from(["a", "b c", "'q r'", '"$v w"', "x\\ y", "${v:-d e}", "\\", "#", "=", "k=v", "<<E", "ü"])
VALUES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
GAPS = st.sampled_from([" ", "  ", " \\\n", " \\\n\n  ", " \\\n# note\n "])
CASED = st.sampled_from([str.upper, str.lower, str.title])


@st.composite
def buildfiles(draw: st.DrawFn) -> str:
    lines = [f"{draw(CASED)('from')} scratch {draw(CASED)('as')} {draw(st.sampled_from(['Base', 'base']))}"]
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(["env n", "label n", "maintainer", "cmd", "expose 1/TCP", "copy x", "arg"]))
        lines.append(f"{draw(CASED)(name)}{draw(GAPS)}{draw(VALUES)}")
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n"]))


@given(buildfiles())
@settings(max_examples=150, deadline=None)
def test_a_fixed_file_means_the_same_and_stays(text: str) -> None:
    before = look_or_none(text)
    result = fixed(text) if before is not None else None
    if before is None or before.plan is None or result is None:
        return
    after = look(result.data)
    assert after.plan is not None
    assert meaning(after.plan) == meaning(before.plan)
    assert fixed(result.data.decode()).data == result.data


def look_or_none(text: str) -> Findings | None:
    try:
        return look(text.encode())
    except BuilderError:
        return None


def meaning(plan: Plan) -> object:
    """Everything but what the rules are about: the author and its label, the shell of CMD, places and history."""
    stages = []
    for stage in plan.stages:
        config = stage.config.config
        labels = tuple(pair for pair in config.labels if pair[0] != "org.opencontainers.image.authors")
        cmd = config.cmd
        if cmd and cmd[:2] == ("/bin/sh", "-c"):
            cmd = tuple(cmd[2].split())
        actions = tuple(step.action for step in stage.steps)
        stages.append((actions, config._replace(labels=labels, cmd=cmd), len(stage.history), stage.name))
    return stages
