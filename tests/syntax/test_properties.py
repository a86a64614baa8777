"""Any input gives a result or a BuilderError, and twice the input takes about twice the work."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import BuilderError, Span
from builder.syntax.expand import expand, expand_heredoc, expand_words
from builder.syntax.form import to_json, to_text
from builder.syntax.instructions import Onbuild
from builder.syntax.nodes import INSTRUCTION_NAMES
from builder.syntax.parse import parse, parse_onbuild
from builder.syntax.patterns import Pattern

FRAGMENTS = st.sampled_from(
    [name.encode() + b" " for name in INSTRUCTION_NAMES]
    + [
        b"\n",
        b"\r\n",
        b"\\\n",
        b"`\n",
        b"# escape=`\n",
        b"#",
        b" ",
        b"\t",
        b"\\",
        b"'",
        b'"',
        b"[",
        b"]",
        b'["a"]',
        b",",
    ]
    + [
        b"--from=a ",
        b"--mount=",
        b"--x",
        b"--",
        b"=",
        b"a",
        b"<<",
        b"<<-",
        b"EOF",
        b"\nEOF\n",
        b"$",
        b"${a:-",
        b"}",
        b"\xff",
    ]
    + [b"\xc2\xa0", b"\xef\xbb\xbf", b"\x00", b"NONE", b"CMD ", b"AS ", b"1"]
)
BUILDFILES = st.lists(FRAGMENTS | st.binary(max_size=4), max_size=30).map(b"".join)
WORDS = st.lists(
    st.sampled_from(
        ["$", "${", "}", "a", "b", "/", "//", "#", "%", ":", "-", "+", "?", "*", "\\", "'", '"', " ", "\n", "<<"]
    )
    | st.text(max_size=2),
    max_size=20,
).map("".join)
ENVS = st.dictionaries(st.sampled_from("ab"), st.text(alphabet="ab*/\n$0 ", max_size=8))


@given(BUILDFILES)
@settings(max_examples=400, deadline=None)
def test_a_buildfile_parses_or_is_refused(data: bytes) -> None:
    for text in (data, b"FROM a\n" + data):
        try:
            file = parse(text)
        except BuilderError:
            continue
        assert len(file.nodes) == len(file.instructions)
        str(to_json(file)).encode()
        to_text(file).encode()
        for instruction in file.instructions:
            if isinstance(instruction, Onbuild):
                _try(partial(parse_onbuild, instruction.expression, Span("f", 1, 1)))


@given(st.text())
@settings(deadline=None)
def test_a_trigger_parses_or_is_refused(text: str) -> None:
    _try(lambda: parse_onbuild(text, Span("f", 1, 1)))


@given(WORDS, ENVS, st.sampled_from("\\`"))
@settings(max_examples=400, deadline=None)
def test_a_word_expands_or_is_refused(word: str, env: dict[str, str], escape: str) -> None:
    _try(lambda: expand(word, env, escape))
    _try(lambda: expand_words(word, env, escape))
    _try(lambda: expand_heredoc(word, env))


@given(st.text())
@settings(deadline=None)
def test_what_is_quoted_comes_back(text: str) -> None:
    text = text.lstrip("\ufeff")
    escaped = re.sub(r"([\\\"$])", r"\\\1", text)
    assert expand(f'"{escaped}"', {}).text == text
    assert expand(re.sub("(.)", r"\\\1", text, flags=re.DOTALL), {}).text == text


@given(st.text(alphabet="ab*?\n", max_size=8), st.text(alphabet="ab\n", max_size=12))
@settings(max_examples=400, deadline=None)
def test_patterns_match_as_regular_expressions_do(text: str, value: str) -> None:
    lazy = "".join({"*": ".*?", "?": "."}.get(character, re.escape(character)) for character in text)
    eager = lazy.replace(".*?", ".*")
    for greedy, expression in ((False, lazy), (True, eager)):
        found = re.match(expression, value)
        assert Pattern(text).prefix(value, greedy, _free) == (found.end() if found else None)
    assert Pattern(text).replace(value, "R", False, _free) == re.sub(eager, "R", value, count=1)
    if "*" not in text and text:
        assert Pattern(text).replace(value, "R", True, _free) == re.sub(eager, "R", value)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: b"RUN x\n" * n,
        lambda n: b"# c\n" * n + b"RUN x \\\n" * n + b"y\n",
        lambda n: b"RUN <<E\nx\nE\n" * n,
        lambda n: b"COPY " + b"<<E " * n + b"/\n" + b"x\nE\n" * n,
        lambda n: b"CMD " + b"[" * n + b"]" * n + b"\n",
        lambda n: b"CMD [" + b'"a",' * n + b'"b"]\n',
        lambda n: b"RUN " + b"--mount=a " * n + b"x\n",
        lambda n: b"ENV " + b"a='b'\"c\" " * n + b"\n",
        lambda n: b"RUN <<E " + b"${a:-" * n + b"}" * n + b"\nE\n",
        lambda n: b"ONBUILD " * n + b"\n",
        lambda n: b"FORM x\n" * n,
        lambda n: bytes(range(256)) * (n // 8),
    ],
)
def test_parsing_takes_linear_work(make: Callable[[int], bytes]) -> None:
    _assert_linear(lambda n: parse(b"FROM a\n" + make(n)))


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "$a" * n,
        lambda n: "${q:-" * n + "}" * n,
        lambda n: "${q:-x" * n,
        lambda n: "${a#" * n + "}" * n,
        lambda n: "${a//a/" * n + "}" * n,
        lambda n: "${a//?/" * n + "}" * n,
        lambda n: '"${a-' * n + '}"' * n,
        lambda n: "\\a'b'" * n,
        lambda n: "${a//" + "*a" * n + "b/}",
    ],
)
def test_expanding_takes_linear_work(make: Callable[[int], str]) -> None:
    env = {"a": "a" * 50}
    _assert_linear(lambda n: expand(make(n), env))
    _assert_linear(lambda n: expand_words(make(n), env))


def test_a_hundred_thousand_braces_are_no_recursion() -> None:
    depth = 100_000
    assert expand("${q:-" * depth + "x" + "}" * depth, {}).text == "x"
    with pytest.raises(BuilderError):
        expand("${q:-" * depth, {})


def _try(action: Callable[[], object]) -> None:
    with contextlib.suppress(BuilderError):
        action()


def _free(_: int) -> None:
    pass


def _assert_linear(action: Callable[[int], object]) -> None:
    """Counts calls, which do not depend on the machine: twice the input may take a little over twice as many."""
    size = 400
    _try(partial(action, 1))
    single, double = (_calls(partial(action, n)) for n in (size, 2 * size))
    assert double <= 2.2 * single + 1000


def _calls(action: Callable[[], object]) -> int:
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        _try(action)
    finally:
        sys.setprofile(before)
    return calls
