"""The physical lines of a Buildfile as the tokens of grammar/file.lark.

One token a line, except that a heredoc's body is one token. This is a lexer of its own because two things about a
line are known only from the lines before it: the escape character, and which heredocs the instruction has opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from lark import Token

from builder.syntax.blanks import BLANK, lower
from builder.syntax.text import join

DIRECTIVE_NAMES = ("check", "escape", "syntax")
ESCAPES = ("\\", "`")

_DIRECTIVE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*\Z")
_DIRECTIVE_BLANK = "\t\n\f\r "


class Opening(NamedTuple):
    """A heredoc that an instruction's line opens; its body is still to come."""

    name: str
    expand: bool
    chomp: bool
    fd: int


FindOpenings = Callable[[str, str], Sequence[Opening]]
"""The heredocs that a logical line opens, given the escape character."""


class LineReader:
    """Yields each line's token once. `escape` is what the directives read so far have made it."""

    def __init__(self, lines: Sequence[str], find_openings: FindOpenings) -> None:
        self.escape = ESCAPES[0]
        self._lines = lines
        self._find_openings = find_openings
        self._read = 0
        self._directives_over = False

    def tokens(self) -> Iterator[Token]:
        while self._read < len(self._lines):
            line = self._next()
            text = line.rstrip("\r").lstrip(BLANK)
            if self._is_directive(text):
                yield self._token("DIRECTIVE", text)
            elif not text:
                yield self._token("BLANK", "")
            elif text[0] == "#":
                yield self._token("COMMENT", line[1:].strip(BLANK))
            else:
                yield from self._instruction(text)

    def _next(self) -> str:
        self._read += 1
        return self._lines[self._read - 1]

    def _token(self, kind: str, text: str) -> Token:
        return Token(kind, text, line=self._read, end_line=self._read)

    def _is_directive(self, text: str) -> bool:
        """Directives come first of all lines; the first line that is none ends them."""
        if self._directives_over:
            return False
        directive = read_directive(text)
        if directive is None:
            self._directives_over = True
            return False
        name, value = directive
        if name == "escape" and value in ESCAPES:
            self.escape = value
        return True

    def _instruction(self, text: str) -> Iterator[Token]:
        content, continued = self._cut(text)
        parts = [content]
        yield self._token("CONTINUED" if continued else "LAST", content)
        while continued and self._read < len(self._lines):
            text = self._next().rstrip("\r")
            inner = text.lstrip(BLANK)
            if not inner or inner[0] == "#":
                yield self._token("SKIPPED" if inner else "EMPTY", "")
                continue
            content, continued = self._cut(text)
            parts.append(content)
            yield self._token("CONTINUED" if continued else "LAST", content)
        for opening in self._find_openings(join(parts), self.escape):
            yield self._body(opening)

    def _cut(self, text: str) -> tuple[str, bool]:
        """The line without its continuation, and whether it had one. Two escapes in a row are none."""
        stripped = text.rstrip(" \t")
        if stripped.endswith(self.escape) and not stripped.endswith(self.escape * 2):
            return stripped[:-1], True
        return text, False

    def _body(self, opening: Opening) -> Token:
        first = self._read
        while self._read < len(self._lines):
            line = self._next().rstrip("\r")
            if (line.lstrip("\t") if opening.chomp else line) == opening.name:
                return self._body_token("BODY", first, self._read - 1)
        return self._body_token("UNFINISHED", first, self._read)

    def _body_token(self, kind: str, first: int, end: int) -> Token:
        content = "".join(f"{line}\n" for line in self._lines[first:end])
        return Token(kind, content, line=first + 1, end_line=self._read)


def read_directive(text: str) -> tuple[str, str] | None:
    """Name and value of `# name=value`, if it is a directive that is known."""
    if not text.startswith("#"):
        return None
    name, equals, rest = text[1:].lstrip(BLANK).partition("=")
    name = name.rstrip(_DIRECTIVE_BLANK)
    if not equals or not rest or _DIRECTIVE_NAME.match(name) is None or lower(name) not in DIRECTIVE_NAMES:
        return None
    # A value of blanks alone is its last blank (the value is one character at least).
    return lower(name), rest.strip(_DIRECTIVE_BLANK) or rest[-1]
