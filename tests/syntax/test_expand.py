from __future__ import annotations

import pytest

from builder.errors import BuildfileError
from builder.syntax.expand import Expansion, expand, expand_heredoc, expand_words

ENV = {
    "v": "value",
    "e": "",
    "path": "/usr/local/bin",
    "dots": "a.tar.gz",
    "stars": "a*b*c",
    "lines": "ab\ncd",
    "p": "a b",
    "_x1": "under",
}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain", "plain"),
        ("$v", "value"),
        ("${v}s", "values"),
        ("$v.$_x1", "value.under"),
        ("$vs", ""),
        ("$unset", ""),
        ("$999aaa", "aaa"),
        ("$1$@$*$#$?$-$!$0|", "|"),
        ("$$v", "v"),
        ("$.", "$."),
        ("a$", "a$"),
        ("${u:-w}${u-w}${e:-w}${e-w}|", "www|"),
        ("${v:-w}${v-w}", "valuevalue"),
        ("${v:+w}${v+w}${e:+x}${e+w}${u:+x}${u+x}", "www"),
        ("${v:?m}${v?m}${e?m}", "valuevalue"),
        ("${u:-${e:-$v}}", "value"),
        ("${u:-a'}'b}", "a}b"),
        ('${u:-"$v }"}', "value }"),
        ("${path#/}", "usr/local/bin"),
        ("${path#*/}", "usr/local/bin"),
        ("${path##*/}", "bin"),
        ("${path%/*}", "/usr/local"),
        ("${path%%/*}", ""),
        ("${dots%.*}", "a.tar"),
        ("${dots%%.*}", "a"),
        ("${dots#?.}", "tar.gz"),
        ("${dots#[a]}", "a.tar.gz"),
        ("${stars#a\\*}", "b*c"),
        ("${stars##*\\*}", "c"),
        ("${u#x}", ""),
        ("${path/\\//-}", "-usr/local/bin"),
        ("${path//\\//-}", "-usr-local-bin"),
        ("${path//l/}", "/usr/oca/bin"),
        ("${path/l*l/L}", "/usr/L/bin"),
        ("${v//[lu]/x}", "value"),
        ("${v//$v/x}", "x"),
        ("${v//?/-}", "-----"),
        ("${v//*/-}", "-"),
        ("${lines//*/-}", "-\n-"),
        ("${lines#*d}", "ab\ncd"),
        ("${v///-}", "-v-a-l-u-e-"),
        ("'$v'", "$v"),
        ("'a\\'", "a\\"),
        ('"$v \'x\' \\" \\$v \\\\ \\n"', "value 'x' \" $v \\ \\n"),
        ("\\$v", "$v"),
        ("\\a\\\\\\ ", "a\\ "),
        ("a\\", "a"),
        ("\ufeff$v", "value"),
        ("$\u00b2", "$\u00b2"),
        ("$v\u00b2", "value\u00b2"),
        ("a  'b  c'", "a  b  c"),
        ("<<$v <", "<<value <"),
    ],
)
def test_expand(word: str, text: str) -> None:
    assert expand(word, ENV).text == text


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("${u:?}", "required-variable"),
        ("${e:?no}", "required-variable"),
        ("${u?no}", "required-variable"),
        ("${v:-${u?no}}", "required-variable"),
        ("${v:=x}", "unsupported-modifier"),
        ("${v::x}", "unsupported-modifier"),
        ("${v:#x}", "bad-substitution"),
        ("${v^}", "bad-substitution"),
        ("${}", "bad-substitution"),
        ("${:x}", "bad-substitution"),
        ("${{v}}", "bad-substitution"),
        ("${v", "bad-substitution"),
        ("${#v}", "bad-substitution"),
        ("${v\u00b2}", "bad-substitution"),
        ("${v:-x", "unterminated-word"),
        ("${v/x", "unterminated-word"),
        ("${v/x}", "unterminated-word"),
        ("'x", "unterminated-word"),
        ('"x', "unterminated-word"),
        ('"${v:-"}"', "unterminated-word"),
        ("${v#\\a}", "bad-pattern"),
    ],
)
def test_expand_refuses(word: str, code: str) -> None:
    with pytest.raises(BuildfileError) as raised:
        expand(word, ENV)
    assert raised.value.code == code


def test_required_variable_says_its_message() -> None:
    with pytest.raises(BuildfileError, match=r"^u: say value$"):
        expand("${u:?say $v}", ENV)
    with pytest.raises(BuildfileError, match=r"^e: is not allowed to be empty$"):
        expand("${e:?}", ENV)


def test_what_is_missing_is_named() -> None:
    for word, missing in [
        ("'x", "'"),
        ('"$v', '"'),
        ("${v:-x", "}"),
        ("${v/x", "/"),
        ("${v/x/y", "}"),
        ("\"${v:-'", "'"),
    ]:
        with pytest.raises(BuildfileError, match=f"^missing {missing} in "):
            expand(word, ENV)


def test_names_that_were_read_are_told() -> None:
    assert expand("$v${e:-${u}}$v", ENV) == Expansion("valuevalue", frozenset("ve"), frozenset("u"))
    # An operand counts although it is not taken.
    assert expand("${v:-$u}", ENV) == Expansion("value", frozenset("v"), frozenset("u"))


def test_the_other_escape_character() -> None:
    assert expand('`$v \\$v "`"" \'`\'', ENV, "`").text == '$v \\value " `'
    assert expand("${stars#a\\*}", ENV, "`").text == "b*c"


def test_replacement_reads_dollar_zero_as_the_match() -> None:
    env = {"v": "ab", "r": "<$0>$1${x}$$"}
    assert expand("${v//?/$r}", env).text == "<a>$<b>$"
    assert expand("${v/?/$r}", env).text == "<$0>$1${x}$$b"


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("80 443/tcp", ["80", "443/tcp"]),
        ("  a\t b\u00a0c ", ["a", "b", "c"]),
        ("$p '$p' \"$p\"", ["a", "b", "$p", "a b"]),
        ("x$p", ["xa", "b"]),
        ("a\\ b '' $u", ["a b"]),
        ("<< EOF", ["<< EOF"]),
        ("<<- EOF", ["<<-", "EOF"]),
        # What stands before an operand in its word is lost, in BuildKit too.
        ("80${u:-81}", ["81"]),
    ],
)
def test_expand_words(word: str, words: list[str]) -> None:
    assert expand_words(word, ENV) == words


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('it\'s "$v"\n', 'it\'s "value"\n'),
        ("\\n\\$v\\\\\n", "n$v\\\n"),
        ("${u:-'$v'}\n", "'value'\n"),
        ("${v/'/x}$v\\", "valuevalue"),
        ("`$v`", "`value`"),
    ],
)
def test_expand_heredoc(body: str, text: str) -> None:
    assert expand_heredoc(body, ENV).text == text


@pytest.mark.parametrize(
    "word",
    [
        "${x//x/" * 20 + "x" + "}" * 20,
        "$long" * 2000,
        "${long//" + "?" * 2000 + "b/}",
        "${q:-xyz" * 50_000 + "}" * 50_000,
    ],
    ids=["replacements", "values", "pattern", "operands"],
)
def test_what_grows_without_bound_is_refused(word: str) -> None:
    with pytest.raises(BuildfileError) as raised:
        expand(word, {"x": "xxxxxxxxxx", "long": "a" * 100_000})
    assert raised.value.code == "expansion-too-large"
