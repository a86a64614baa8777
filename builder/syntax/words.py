"""How an instruction's line falls into words; which way depends on the instruction (BuildKit's line_parsers.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lark import Token, Tree

from builder.syntax.blanks import BLANK, WORD_GAPS
from builder.syntax.grammar import parser
from builder.syntax.text import as_latin_1, from_latin_1, replace_bad

_BYTE_BLANKS = re.compile("[\t\n\v\f\r \x85\xa0]+")
_LEADING_BYTE_BLANKS = "\t\n\v\f\r \udc85\udca0"


class Statement(NamedTuple):
    """A logical line, cut into its first parts."""

    name: str
    """As it is written."""
    flags: tuple[str, ...]
    rest: str
    escape: str


def split_statement(line: str, escape: str) -> Statement:
    name, *others = WORD_GAPS.split(line.strip(BLANK), maxsplit=1)
    if not others:
        return Statement(name, (), "", escape)
    flags, rest = split_flags(others[0], escape)
    return Statement(name, flags, rest.strip(BLANK), escape)


def split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The words at the start of `text` that begin with `--`, without quotes and escapes, and what follows them."""
    text = text.lstrip(_LEADING_BYTE_BLANKS)
    if not text.startswith("--"):
        return (), text
    tree = parser("flags", ("flags",), escape).parse(as_latin_1(text))
    rest = next((str(token) for token in _tokens(tree) if token.type in ("REST", "AFTER_END")), "")
    words = (_unquote(subtree, escape) for subtree in _subtrees(tree))
    return tuple(word for word in words if word != "--"), from_latin_1(rest)


def split_shell_words(text: str, escape: str) -> list[str]:
    """Words in which quotes and escapes protect blanks; both stay in them."""
    tree = parser("words", ("words",), escape).parse(text)
    words = ("".join(token for token in _tokens(word) if token.type != "LAST_ESCAPE") for word in _subtrees(tree))
    return [replace_bad(word) for word in words if word]


def split_type(text: str) -> tuple[str, str]:
    """The first word and what follows it, cut at a byte that is a blank in Latin-1 (HEALTHCHECK)."""
    first, *others = _BYTE_BLANKS.split(as_latin_1(text), maxsplit=1)
    return from_latin_1(first), from_latin_1("".join(others))


def _unquote(flag: Tree, escape: str) -> str:  # type: ignore[type-arg]
    pieces = []
    for token in _tokens(flag):
        match token.type:
            case "ESCAPED":
                pieces.append(token[1:])
            case "SINGLE" | "DOUBLE":
                pieces.append(_unescape(token[1:-1], escape))
            case "OPEN_SINGLE" | "OPEN_DOUBLE":
                pieces.append(_unescape(token[1:], escape))
            case "LAST_ESCAPE":
                pass
            case _:
                pieces.append(token)
    return "".join(pieces)


def _unescape(text: str, escape: str) -> str:
    """Each escape gone and the character behind it kept; an escape at the end is dropped."""
    return re.sub(f"{re.escape(escape)}(.?)", r"\1", text, flags=re.DOTALL)


def _tokens(tree: Tree) -> Iterator[Token]:  # type: ignore[type-arg]
    return (child for child in tree.children if isinstance(child, Token))


def _subtrees(tree: Tree) -> Iterator[Tree]:  # type: ignore[type-arg]
    return (child for child in tree.children if isinstance(child, Tree))
