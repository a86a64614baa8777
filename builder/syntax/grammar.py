"""Where the grammar files are, and the parsers made of them: one each for the life of the process."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache

from lark import Lark
from lark.lexer import TerminalDef

DEFAULT_ESCAPE = "\\"


@cache
def parser(name: str, starts: tuple[str, ...], escape: str = DEFAULT_ESCAPE) -> Lark:
    """The LALR parser of `grammar/<name>.lark`, whose terminals take `escape` for the backslash."""
    return Lark(
        _read(name),
        start=list(starts),
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        keep_all_tokens=True,
        edit_terminals=None if escape == DEFAULT_ESCAPE else _edit(escape),
    )


def _read(name: str) -> str:
    """An installed wheel carries the grammar in the package; a checkout has it beside the package."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = os.path.join(package, "_grammar")
    folder = installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "grammar")
    with open(os.path.join(folder, f"{name}.lark"), encoding="utf-8") as file:
        return file.read()


def _edit(escape: str) -> Callable[[TerminalDef], TerminalDef]:
    def edit(terminal: TerminalDef) -> TerminalDef:
        pattern = terminal.pattern
        pattern.value = re.sub(r"\\(.)", lambda pair: escape if pair[1] == "\\" else pair[0], pattern.value)
        return terminal

    return edit
