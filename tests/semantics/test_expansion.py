"""Rows of the language reference about expanding variables: forms of `$`, and quotes."""

from __future__ import annotations

import pytest

from builder.errors import BuildfileError
from builder.syntax.expand import expand

ENV = {"v": "value", "e": "", "path": "/usr/local/bin", "dots": "a.tar.gz"}

ROWS = [
    ("`$v`, `${v}`", {"$v": "value", "${v}s": "values", "$vs": "", "[$unset]": "[]", "$v.x": "value.x"}),
    ("Positional/special `$1 $@ $* $# $? $- $$ $! $0`", {"$999aaa": "aaa", "$1$@$*$#$?$-$!$0|": "|", "$$v": "v"}),
    ("`${v:-w}` `${v-w}`", {"${u:-w}${u-w}|": "ww|", "${e:-w}${e-w}|": "w|", "${u:-${v}}": "value"}),
    (
        "`${v:+w}` `${v+w}`",
        {"${v:+w}${v+w}": "ww", "${e:+w}${e+w}": "w", "${u:+w}${u+w}|": "|", "${v:+$path}": ENV["path"]},
    ),
    ("`${v:?m}` `${v?m}`", {"${v:?m}${v?m}": "valuevalue", "[${e?m}]": "[]"}),
    (
        "`${v#p}` `${v##p}` `${v%p}` `${v%%p}`",
        {"${path#*/}": "usr/local/bin", "${path##*/}": "bin", "${dots%.*}": "a.tar", "${dots%%.*}": "a"}
        | {"${dots#[a]}": "a.tar.gz", "${dots#?}": ".tar.gz"},
    ),
    (
        "`${v/p/r}` `${v//p/r}`",
        {"${path/\\//-}": "-usr/local/bin", "${path//\\//-}": "-usr-local-bin", "${v//l/}": "vaue", "${v/l/}": "vaue"},
    ),
    (
        "Quoting",
        {
            "'$v'": "$v",
            '"$v"': "value",
            '"\\$v \\" \\\\ \\x"': '$v " \\ \\x',
            "\\x\\ y": "x y",
            "\\$v": "$v",
            "$.": "$.",
        },
    ),
]
REFUSED = [
    ("`${v:?m}` `${v?m}`", ["${u:?m}", "${u?m}", "${e:?m}"]),
    ("Unsupported modifiers", ["${v:=w}", "${}", "${:x}", "${v", "${v:#p}", "${v^}", "${v:1}", "${v@Q}"]),
]


@pytest.mark.parametrize(("row", "words"), ROWS, ids=[row for row, _ in ROWS])
def test_expansion(row: str, words: dict[str, str]) -> None:
    assert {word: expand(word, ENV).text for word in words} == words


@pytest.mark.parametrize(("row", "words"), REFUSED, ids=[row for row, _ in REFUSED])
def test_refusal(row: str, words: list[str]) -> None:
    for word in words:
        with pytest.raises(BuildfileError):
            expand(word, ENV)
