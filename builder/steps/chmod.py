"""`--chmod`: octal (`0755`) or symbolic (`u=rwX,go=rX`) changes of a mode, as chmod(1) has them with umask 0."""

from __future__ import annotations

import re
from collections.abc import Callable

from builder.errors import BuildfileError

ModeChange = Callable[[int, bool], int]
"""From the old permission bits (0o7777) and whether it is a directory to the new bits."""

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_SHIFT = {"u": 6, "g": 3, "o": 0}
_SPECIAL = {"u": 0o4000, "g": 0o2000, "o": 0}


def octal_mode(text: str) -> int | None:
    """The number that `text` spells, None for a symbolic mode; more than 07777 is an error."""
    if not re.fullmatch(r"[0-9]+", text):
        return None
    if not re.fullmatch(r"[0-7]+", text) or int(text, 8) > 0o7777:
        raise BuildfileError("bad-chmod", f"--chmod={text}: an octal mode is between 0 and 07777")
    return int(text, 8)


def parse_mode_change(text: str) -> ModeChange:
    """Raises BuildfileError `bad-chmod` for what chmod(1) would refuse."""
    octal = octal_mode(text)
    if octal is not None:
        return lambda _mode, _is_directory: octal
    clauses = [_CLAUSE.fullmatch(clause) for clause in text.split(",")]
    if not all(clauses):
        hint = "write an octal mode such as 0755 or a symbolic one such as u=rwX,go=rX"
        raise BuildfileError("bad-chmod", f"--chmod={text} is not a mode", hint=hint)
    actions = [
        (clause[1] or "a", operator, what)
        for clause in clauses
        if clause
        for operator, what in _ACTION.findall(clause[2])
    ]

    def change(mode: int, is_directory: bool) -> int:
        for who, operator, what in actions:
            mode = _apply(mode, is_directory, who.replace("a", "ugo"), operator, what)
        return mode

    return change


def _apply(mode: int, is_directory: bool, who: str, operator: str, what: str) -> int:
    bits = mask = 0
    for one in dict.fromkeys(who):
        bits |= _bits(mode, is_directory, one, what)
        mask |= 0o7 << _SHIFT[one] | _SPECIAL[one]
    if "t" in what:
        bits |= 0o1000
    if who == "ugo":
        mask |= 0o1000
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return mode & ~mask | bits


def _bits(mode: int, is_directory: bool, who: str, what: str) -> int:
    if what in _SHIFT:
        return (mode >> _SHIFT[what] & 0o7) << _SHIFT[who]
    bits = sum({"r": 4, "w": 2, "x": 1}.get(letter, 0) for letter in set(what))
    if "X" in what and "x" not in what and (is_directory or mode & 0o111):
        bits |= 1
    return bits << _SHIFT[who] | (_SPECIAL[who] if "s" in what else 0)
