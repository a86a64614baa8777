"""Heredocs: how they are opened, and lines for them."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

_NAMES = ("EOF", "two", "x.sh", "A", "9", "a/b", "é", "_")
_QUOTES = ("{0}", "{0}", "{0}", '"{0}"', "'{0}'", '"{0}"""', "{0}''", "\\{0}")
_LINES = (
    "hello $A", "${A:-b}", "\\$A", "'q' \"$B\"", "\\n\\\\", "", "\ttabbed", "#!x", "# not a comment", "${A#f}", "a\\",
    "\t\t$A", " EOF", "EOF ", "<<two", "${UNSET+x}", "$", "$$", "`x`", "${A/o/0}", "\r", "FROM base", "\\",
    "${A:-'q' \"}", "é",
)  # fmt: skip


class Heredoc(NamedTuple):
    opened: str
    """`<<EOF`."""
    rest: tuple[str, ...]
    """Its lines and its end."""


def heredocs(random: Random, count: int) -> list[Heredoc]:
    """With different names."""
    return [_made(random, name) for name in random.sample(_NAMES, count)]


def _made(random: Random, name: str) -> Heredoc:
    dash = random.choice(("", "", "-"))
    lines = random.choices([line for line in _LINES if line != name], k=random.randint(0, 3))
    end = (random.choice(("", "\t", "\t\t")) if dash else "") + name
    return Heredoc(f"<<{dash}{random.choice(_QUOTES).format(name)}", (*lines, end))
