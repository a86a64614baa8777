"""Variable expansion in words, as BuildKit's shell/lex.go does it (semantics section 1.2).

An unset variable is empty. Every operand is evaluated, also one whose value is not taken, so an error in it counts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from lark import Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from builder.errors import BuildfileError
from builder.syntax.blanks import BLANKS
from builder.syntax.evaluate import Evaluator, Piece, Policy
from builder.syntax.faults import shown
from builder.syntax.grammar import DEFAULT_ESCAPE, parser


class Expansion(NamedTuple):
    text: str
    used: frozenset[str]
    """Names that were set and read."""
    unset: frozenset[str]
    """Names that were read but not set."""


def expand(word: str, env: Mapping[str, str], escape: str = DEFAULT_ESCAPE) -> Expansion:
    """`word` with its variables replaced, its quotes removed and its escapes resolved."""
    return _expand(word, env, "word", escape)


def expand_heredoc(body: str, env: Mapping[str, str]) -> Expansion:
    """A heredoc's body for COPY and ADD: quotes are text and `\\` escapes whatever the file's escape character is."""
    return _expand(body, env, "body", DEFAULT_ESCAPE)


def expand_words(word: str, env: Mapping[str, str], escape: str = DEFAULT_ESCAPE) -> list[str]:
    """As `expand`, then split at blanks that were not quoted; those of variables' values split too."""
    return split_words(word, env, Policy(), escape)


def split_words(word: str, env: Mapping[str, str], policy: Policy, escape: str = DEFAULT_ESCAPE) -> list[str]:
    """As `expand_words`, with what `policy` keeps as it was written."""
    if _special(escape).search(word) is None and "<<" not in word:
        return [field for field in BLANKS.split(word) if field]
    evaluator = Evaluator(env, policy, len(word))
    evaluator.value(_parse(word, "word", escape))
    return _split(evaluator.pieces, policy.keep_escapes)


def _expand(word: str, env: Mapping[str, str], start: str, escape: str) -> Expansion:
    if _special(escape).search(word) is None:
        return Expansion(word, frozenset(), frozenset())
    evaluator = Evaluator(env, Policy(), len(word))
    text = evaluator.value(_parse(word, start, escape)).text
    return Expansion(text, frozenset(evaluator.used), frozenset(evaluator.unset))


@cache
def _special(escape: str) -> re.Pattern[str]:
    """What makes a word more than its text; most words have none of it and need no parser."""
    return re.compile(rf"[{re.escape(escape)}$'\"]|\A\ufeff")


def _parse(word: str, start: str, escape: str) -> Tree:  # type: ignore[type-arg]
    # BuildKit's scanner drops a byte order mark at the start of each word.
    word = word.removeprefix("\ufeff")
    try:
        return parser("expand", ("word", "body"), escape).parse(word, start=start)
    except UnexpectedInput as error:
        raise _explain(error, word) from None


def _explain(error: UnexpectedInput, word: str) -> BuildfileError:
    """What is wrong, from where lark stopped and what it could have taken there."""
    expected: Collection[str] = ()
    position: int | None = error.pos_in_stream
    if isinstance(error, UnexpectedToken):
        expected = error.expected
        if error.token.type == "$END":
            position = len(word)
    elif isinstance(error, UnexpectedCharacters):
        expected = error.allowed
    rest = word[position:][:40]
    if rest.startswith("$"):
        return BuildfileError(
            "bad-substitution",
            f"bad substitution: {rest}",
            hint="write $name, ${name}, ${name:-value}, ${name#pattern} or ${name/pattern/value}",
        )
    if rest.startswith("'"):
        missing = "'"
    elif "QUOTED_TEXT" in expected:
        missing = '"'
    else:
        missing = "/" if "SLASH" in expected else "}"
    return BuildfileError("unterminated-word", f"missing {missing} in {shown(word)}")


def _split(pieces: list[Piece], keep_escapes: bool) -> list[str]:
    words: list[str] = []
    begun: list[str] = []
    for piece in pieces:
        if piece.nested:
            # BuildKit's lexer shares one buffer between a word and the operands in it: what stands before
            # `${name:-operand}` in the same word is lost. Words of EXPOSE and of heredocs come out so there.
            begun.clear()
        text = piece.kept if keep_escapes else piece.text
        if not piece.splits:
            begun.append(text)
            continue
        first, *others = BLANKS.split(text)
        begun.append(first)
        for field in others:
            words.append("".join(begun))
            begun = [field]
    words.append("".join(begun))
    return [word for word in words if word]
