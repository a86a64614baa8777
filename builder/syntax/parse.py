"""A Buildfile's bytes to its typed instructions, or all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lark import Token, Tree

from builder.errors import BuildfileError, Span
from builder.syntax.blanks import BLANK
from builder.syntax.faults import WordError, shown
from builder.syntax.grammar import parser
from builder.syntax.instructions import Arg, Buildfile, From, Heredoc, Instruction, Node
from builder.syntax.lines import ESCAPES, LineReader, read_directive
from builder.syntax.nodes import node_openings, openings_of, read_node
from builder.syntax.problems import ProblemList
from builder.syntax.text import from_bytes, join, to_bytes
from builder.syntax.typed import read_instruction

MAX_LINE_BYTES = 64 * 1024
"""BuildKit's limit of a physical line, its line end included."""

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 512
"""Bytes of a file that tell whether it is text; a NUL further down is a fault of its line."""
_STRAY_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class _Statement(NamedTuple):
    """One instruction as the file has it."""

    line: str
    bodies: tuple[Token, ...]
    span: Span
    comments: tuple[str, ...]
    gap_end: int = 0


class _File(NamedTuple):
    directives: tuple[Token, ...]
    statements: Sequence[_Statement]
    escape: str


Begun = Callable[[Buildfile, int], None]
"""Takes a file with a mistake, and how many of its instructions are understood: the next is where it is."""


def parse(data: bytes, file: str = "Buildfile", begun: Begun = lambda _, __: None) -> Buildfile:
    """The whole file; raises what is wrong with it, as Problems if it is more than one thing. Where its lines fall into
    instructions, but not all of these can be understood, `begun` is told so first."""
    if data.startswith(_UTF_16):
        hint = "save it as UTF-8"
        raise BuildfileError("utf-16", "the file is UTF-16, not UTF-8", hint=hint, span=Span(file, 1, 1))
    lines = _split(from_bytes(data.removeprefix(_BOM)))
    problems = ProblemList(lines)
    _check_lengths(lines, file, problems)
    source = _read_file(lines, file)
    directives = _read_directives(source.directives, lines, file, problems)
    nodes = list(_read_nodes(source, problems))
    if not source.statements:
        problems.add(BuildfileError("no-instructions", "the file has no instructions"), Span(file, 1, 1))
    falls_into_instructions = not problems.errors
    instructions, understood = _read_instructions(nodes, problems)
    buildfile = Buildfile(file, directives, tuple(nodes), instructions, source.escape)
    if problems.errors and falls_into_instructions:
        begun(buildfile, understood)
    if problems.errors and b"\0" in data[:_HEAD]:
        hint = "name the Buildfile with -f FILE"
        raise BuildfileError("binary-file", "the file is binary, not text", hint=hint, span=Span(file, 1, 1))
    problems.raise_if_any()
    return buildfile


def _read_nodes(source: _File, problems: ProblemList) -> Iterator[Node]:
    for statement in source.statements:
        if problems.is_full:
            return
        try:
            yield _read_statement(statement, source.escape)
        except BuildfileError as error:
            problems.add(error, statement.span)


def _read_instructions(nodes: Sequence[Node], problems: ProblemList) -> tuple[tuple[Instruction, ...], int]:
    """Those that can be understood, and how many stand before the first that cannot."""
    instructions: list[Instruction] = []
    understood = len(nodes)
    for number, node in enumerate(nodes):
        if problems.is_full:
            break
        try:
            instructions.append(read_instruction(node))
        except BuildfileError as error:
            problems.add(error, node.span)
            understood = min(understood, number)
    return tuple(instructions), min(understood, _check_stages(instructions, problems))


def parse_onbuild(expression: str, span: Span) -> Instruction:
    """The instruction of a trigger that an image carries; it stands where `span` says (its own file is not at hand)."""
    # JSON can hold surrogates that are neither characters nor escaped bytes.
    lines = _split(_STRAY_SURROGATES.sub("\ufffd", expression).removeprefix("\ufeff"))
    source = _read_file(lines, span.file)
    if len(source.statements) != 1:
        raise BuildfileError("bad-trigger", f"not one instruction: {shown(expression)}", span=span)
    try:
        return read_instruction(_read_statement(source.statements[0]._replace(span=span), source.escape))
    except BuildfileError as error:
        raise error.at(span) from None


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _check_lengths(lines: Sequence[str], file: str, problems: ProblemList) -> None:
    for number, line in enumerate(lines, 1):
        # A character is one byte at least and four at most.
        if len(line) * 4 < MAX_LINE_BYTES or problems.is_full:
            continue
        if len(to_bytes(line)) >= MAX_LINE_BYTES:
            error = BuildfileError(
                "line-too-long", "the line is longer than 64 KiB", hint="break it with a \\ at its end"
            )
            problems.add(error, Span(file, number, number))


def _read_file(lines: Sequence[str], file: str) -> _File:
    reader = LineReader(lines, openings_of)
    structure = parser("file", ("file",)).parse_interactive(start="file")
    for token in reader.tokens():
        structure.feed_token(token)
    tree: Tree[Token] = structure.feed_eof()  # type: ignore[no-untyped-call]
    directives = tuple(subtree.children[0] for subtree in tree.find_data("directive"))
    return _File(
        tuple(t for t in directives if isinstance(t, Token)), list(_statements(tree, lines, file)), reader.escape
    )


def _statements(tree: Tree[Token], lines: Sequence[str], file: str) -> Iterator[_Statement]:
    """Comments belong to the instruction below them, also over blank lines; an empty comment ends them."""
    comments: list[str] = []
    for child in tree.children:
        if isinstance(child, Token):
            if child.type == "COMMENT":
                if child:
                    comments.append(str(child))
                else:
                    comments = []
        elif child.data == "instruction":
            yield _statement(child, lines, file, tuple(comments))
            comments = []


def _statement(tree: Tree[Token], lines: Sequence[str], file: str, comments: tuple[str, ...]) -> _Statement:
    tokens = [child for child in tree.children if isinstance(child, Token)]
    line = join(token for token in tokens if token.type in ("CONTINUED", "LAST"))
    bodies = tuple(token for token in tokens if token.type in ("BODY", "UNFINISHED"))
    first = tokens[0].line or 1
    text = lines[first - 1].rstrip("\r")
    column = len(text) - len(text.lstrip(BLANK)) + 1
    last = tokens[len(tokens) - len(bodies) - 1].line or first
    gap_end = last if any(token.type == "EMPTY" for token in tokens) else 0
    return _Statement(line, bodies, Span(file, first, tokens[-1].end_line or first, column, text), comments, gap_end)


def _read_statement(statement: _Statement, escape: str) -> Node:
    node = read_node(statement.line, escape, statement.span, statement.comments)
    openings = node_openings(node)
    heredocs = []
    for opening, body in zip(openings, statement.bodies, strict=False):
        if body.type == "UNFINISHED":
            raise WordError(
                "unterminated-heredoc",
                f"the heredoc {shown(opening.name)} has no end",
                hint=f"end it with a line {shown(opening.name)}, or quote a << that is none",
                word="<<",
            )
        heredocs.append(Heredoc(opening.name, str(body), opening.expand, opening.chomp, opening.fd))
    return node._replace(heredocs=tuple(heredocs), gap_end=statement.gap_end)


def _read_directives(
    tokens: Sequence[Token], lines: Sequence[str], file: str, problems: ProblemList
) -> tuple[tuple[str, str], ...]:
    directives: dict[str, str] = {}
    for token in tokens:
        name, value = read_directive(str(token)) or ("", "")
        error = None
        if name in directives:
            error = BuildfileError("duplicate-directive", f"the directive {name} is given twice")
        elif name == "escape" and value not in ESCAPES:
            error = BuildfileError("bad-escape", f"the escape character is \\ or `, not {shown(value)}")
        if error:
            number = token.line or 1
            problems.add(error, Span(file, number, number, 1, lines[number - 1].rstrip("\r")))
        directives.setdefault(name, value)
    return tuple(directives.items())


def _check_stages(instructions: Sequence[Instruction], problems: ProblemList) -> int:
    """How many stand before the first that has no stage: all but ARG need a FROM above them. Where something else is
    wrong, the FROM may well be there but misspelt."""
    for number, instruction in enumerate(instructions if not problems.errors else ()):
        if isinstance(instruction, From):
            break
        if not isinstance(instruction, Arg):
            error = BuildfileError("no-stage", "only ARG may stand before the first FROM", hint="begin with FROM image")
            problems.add(error, instruction.span)
            return number
    return len(instructions)
