"""Variable expansion as the plan needs it: errors carry the instruction's place."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import BuildfileError, Span
from builder.syntax.expand import Expansion, expand, expand_heredoc, expand_words


def expand_word(word: str, env: Mapping[str, str], escape: str, span: Span) -> Expansion:
    try:
        return expand(word, env, escape)
    except BuildfileError as error:
        error.at(span)
        raise


def expand_list(word: str, env: Mapping[str, str], escape: str, span: Span) -> tuple[str, ...]:
    """`word` expanded and split again at blanks, as EXPOSE has it."""
    try:
        return tuple(expand_words(word, env, escape))
    except BuildfileError as error:
        error.at(span)
        raise


def expand_body(body: str, env: Mapping[str, str], span: Span) -> Expansion:
    """A heredoc's body for COPY and ADD."""
    try:
        return expand_heredoc(body, env)
    except BuildfileError as error:
        error.at(span)
        raise
