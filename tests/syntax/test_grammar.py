"""Samples of what each grammar takes and refuses, and the places the grammar files are found in."""

from __future__ import annotations

import pytest
from lark import Token
from lark.exceptions import UnexpectedInput

from builder.syntax import grammar

EXPAND = ("word", "body")


@pytest.mark.parametrize(
    ("name", "starts", "start", "good", "bad"),
    [
        (
            "expand",
            EXPAND,
            "word",
            ["", "a${b:-'}'}", '"${a/b/$c}"', "a\\"],
            ["'", '"', "${", "${}", "${a:-", "${a/b}"],
        ),
        ("expand", EXPAND, "body", ["'", '"', "${a:-'}"], ["${", "${a:-", "${a/b}"]),
        (
            "json",
            ("array",),
            "array",
            ["[]", '["a", {"b": [1.5e3, null]}]'],
            ["", "[", "[,]", "['a']", '["a",]', "[01]"],
        ),
        ("csv", ("fields",), "fields", ["", "a,,b=c", '"a,""b"",c",d'], ['a"b', '"a"b', '"a']),
        ("words", ("words",), "words", ["", "a=b 'c d", 'e="f', "\\"], []),
        ("flags", ("flags",), "flags", ["", "--a=b c", "--a --'b", "-- --c", "-x"], []),
    ],
)
def test_samples(name: str, starts: tuple[str, ...], start: str, good: list[str], bad: list[str]) -> None:
    parser = grammar.parser(name, starts)
    for sample in good:
        parser.parse(sample, start=start)
    for sample in bad:
        with pytest.raises(UnexpectedInput):
            parser.parse(sample, start=start)


@pytest.mark.parametrize(
    ("kinds", "good"),
    [
        ("", True),
        ("DIRECTIVE DIRECTIVE COMMENT BLANK LAST", True),
        ("CONTINUED SKIPPED CONTINUED LAST BODY BODY COMMENT LAST UNFINISHED", True),
        ("CONTINUED SKIPPED", True),
        ("COMMENT DIRECTIVE", False),
        ("SKIPPED", False),
        ("BODY", False),
    ],
)
def test_file_samples(kinds: str, good: bool) -> None:
    structure = grammar.parser("file", ("file",)).parse_interactive(start="file")

    def feed() -> None:
        for kind in kinds.split():
            structure.feed_token(Token(kind, ""))
        structure.feed_eof()  # type: ignore[no-untyped-call]

    if good:
        feed()
    else:
        with pytest.raises(UnexpectedInput):
            feed()


def test_parsers_are_made_once() -> None:
    assert grammar.parser("csv", ("fields",)) is grammar.parser("csv", ("fields",))
    assert grammar.parser("words", ("words",)) is not grammar.parser("words", ("words",), "`")
