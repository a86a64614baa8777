"""A logical line as a `Node`: name, flags, and the words that its instruction makes of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.errors import BuildfileError, Span
from builder.syntax.blanks import WORD_GAPS, lower, upper
from builder.syntax.exec_form import read_exec_form
from builder.syntax.faults import WordError, shown
from builder.syntax.heredocs import find_openings
from builder.syntax.instructions import Node
from builder.syntax.lines import Opening
from builder.syntax.text import replace_bad
from builder.syntax.words import Statement, split_shell_words, split_statement, split_type

WITH_HEREDOCS = ("ADD", "COPY", "RUN")


class Arguments(NamedTuple):
    words: tuple[str, ...]
    json: bool = False


def read_node(line: str, escape: str, span: Span, comments: tuple[str, ...] = ()) -> Node:
    """The node of a logical line; the bodies of its heredocs are not in it yet."""
    statement = split_statement(line, escape)
    name = canonical_name(statement.name)
    if name == "ONBUILD":
        sub = _sub_node(statement.rest, escape, span)
        words = (_written_name(statement.rest), *sub.args) if sub else ()
        return Node(name, span, statement.flags, words, original=line, sub=sub, comments=comments)
    reader = READERS.get(name)
    # An unknown instruction has one empty word; ONBUILD may hold one, since it is only checked when triggered.
    arguments = reader(statement) if reader else Arguments(("",))
    return Node(name, span, statement.flags, arguments.words, arguments.json, original=line, comments=comments)


def openings_of(line: str, escape: str) -> tuple[Opening, ...]:
    """The heredocs that `line` opens; none when its instruction cannot have any or is wrong anyway."""
    if "<<" not in line:
        return ()
    try:
        return node_openings(read_node(line, escape, Span("", 0, 0)))
    except BuildfileError:
        return ()


def node_openings(node: Node) -> tuple[Opening, ...]:
    inner = node.sub or node
    return () if inner.json or inner.name not in WITH_HEREDOCS else find_openings(node.original)


def canonical_name(name: str) -> str:
    """The instruction's name in upper case; what is no instruction stays what it is, but for its case."""
    known = lower(name).upper()
    return known if known in READERS or known == "ONBUILD" else upper(replace_bad(name))


def _sub_node(text: str, escape: str, span: Span) -> Node | None:
    if not text:
        return None
    if canonical_name(_written_name(text)) == "ONBUILD":
        raise WordError("bad-trigger", "ONBUILD cannot stand in ONBUILD", word="ONBUILD")
    return read_node(text, escape, span)


def _written_name(text: str) -> str:
    return WORD_GAPS.split(text, maxsplit=1)[0]


def _line(statement: Statement) -> Arguments:
    return Arguments((statement.rest,) if statement.rest else ())


def _list(statement: Statement) -> Arguments:
    return Arguments(tuple(WORD_GAPS.split(statement.rest)) if statement.rest else ())


def _exec_or_line(statement: Statement) -> Arguments:
    words = read_exec_form(statement.rest)
    return _line(statement) if words is None else Arguments(words, json=True)


def _exec_or_list(statement: Statement) -> Arguments:
    words = read_exec_form(statement.rest)
    return _list(statement) if words is None else Arguments(words, json=True)


def _type_and_command(statement: Statement) -> Arguments:
    kind, command = split_type(statement.rest)
    if not kind:
        return Arguments(())
    arguments = _exec_or_line(statement._replace(rest=command))
    return Arguments((kind, *arguments.words), arguments.json)


def _shell_words(statement: Statement) -> Arguments:
    return Arguments(tuple(split_shell_words(statement.rest, statement.escape)))


def _pairs(statement: Statement) -> Arguments:
    """Name, value and `=` of each pair; or, in the old form without `=`, one pair of which the rest is the value."""
    words = split_shell_words(statement.rest, statement.escape)
    if not words:
        return Arguments(())
    if "=" not in words[0]:
        name, *value = WORD_GAPS.split(statement.rest, maxsplit=1)
        if not value:
            raise WordError("missing-value", f"{shown(name)} has no value", hint="write name=value", word=name)
        return Arguments((name, value[0], ""))
    triples: list[str] = []
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise WordError(
                "missing-value",
                f"{shown(word)} has no =",
                hint="write name=value; quote a value with blanks",
                word=word,
            )
        triples += (name, text, equals)
    return Arguments(tuple(triples))


READERS: dict[str, Callable[[Statement], Arguments]] = {
    "ADD": _exec_or_list,
    "ARG": _shell_words,
    "CMD": _exec_or_line,
    "COPY": _exec_or_list,
    "ENTRYPOINT": _exec_or_line,
    "ENV": _pairs,
    "EXPOSE": _list,
    "FROM": _list,
    "HEALTHCHECK": _type_and_command,
    "LABEL": _pairs,
    "MAINTAINER": _line,
    "RUN": _exec_or_line,
    "SHELL": _exec_or_line,
    "STOPSIGNAL": _line,
    "USER": _line,
    "VOLUME": _exec_or_list,
    "WORKDIR": _line,
}

INSTRUCTION_NAMES = (*READERS, "ONBUILD")
