"""`--chmod`: octal (`0755`) or symbolic (`u=rwX,go=rX`) changes of a mode.

BuildKit takes symbolic modes as BSD's setmode(3) does with umask 0. That differs from chmod(1) of GNU in corners: `X`
asks for the mode before all changes, `=` leaves the sticky bit where `t` is not named, `t` with nobody named is about
the sticky bit alone (`+xt` gives no right to execute), `s` and `t` mean nothing to others alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from builder.errors import BuildfileError
from builder.lean import NamedTuple

ModeChange = Callable[[int, bool], int]
"""From the old permission bits (0o7777) and whether it is a directory to the new bits."""

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXstugo]*)+)")
_OPERATION = re.compile(r"([-+=])([rwxXstugo]*)")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o0007, "a": 0o6777}
_RIGHTS = {"r": 0o444, "w": 0o222, "x": 0o111}
_SHIFT = {"u": 6, "g": 3, "o": 0}
_STICKY, _SET_ID, _EXECUTE, _ALL = 0o1000, 0o6000, 0o111, 0o7777
_EVERYBODY = 0o6777


class _Change(NamedTuple):
    """One thing that is done to a mode."""

    what: str
    """`+` and `-` set and clear `bits`, `X` sets them where the mode before all changes could be executed; a class is
    copied to the classes of which `bits` has the right to read."""
    bits: int
    operator: str = ""
    """Of a copy."""


def octal_mode(text: str) -> int | None:
    """The number that `text` spells, None for a symbolic mode; more than 07777 is an error."""
    if not re.fullmatch(r"[0-9]+", text):
        return None
    if not re.fullmatch(r"0*[0-7]{1,4}", text):
        raise BuildfileError("bad-chmod", f"--chmod={text}: an octal mode is between 0 and 07777")
    return int(text, 8)


def parse_mode_change(text: str) -> ModeChange:
    """Raises BuildfileError `bad-chmod` for what BuildKit would refuse."""
    octal = octal_mode(text)
    if octal is not None:
        return lambda _mode, _is_directory: octal
    changes: list[_Change] = []
    for clause in text.split(","):
        found = _CLAUSE.fullmatch(clause)
        if not found:
            hint = "write an octal mode such as 0755 or a symbolic one such as u=rwX,go=rX"
            raise BuildfileError("bad-chmod", f"--chmod={text} is not a mode", hint=hint)
        for operator, what in _OPERATION.findall(found[2]):
            changes += _Operation(found[1], operator).changes(what)

    def change(mode: int, is_directory: bool) -> int:
        executable = is_directory or bool(mode & _EXECUTE)
        for one in changes:
            mode = _apply(one, mode, executable)
        return mode

    return change


class _Operation:
    """`WHO OPERATOR RIGHTS`, e.g. `go-w`, taken apart."""

    def __init__(self, who: str, operator: str) -> None:
        self._who = 0
        for letter in who:
            self._who |= _WHO[letter]
        self._operator = operator
        self._others_only = bool(self._who) and not self._who & ~0o7
        self._found: list[_Change] = []

    def changes(self, what: str) -> list[_Change]:
        rights = conditional = 0
        copied = False
        for letter in what:
            if letter in _RIGHTS or (letter == "X" and self._operator == "-"):
                rights |= _RIGHTS[letter.lower()]
            elif letter == "X":
                conditional = _EXECUTE
            elif letter in _SHIFT:
                self._flush(rights, conditional, even_empty=False)
                rights = conditional = 0
                copied = True
                self._found.append(_Change(letter, self._who or _EVERYBODY, self._operator))
            elif not self._others_only:
                rights |= _SET_ID if letter == "s" else _STICKY
                self._who |= _STICKY if letter == "t" else 0
        self._flush(rights, conditional, even_empty=self._operator == "=" and not copied)
        return self._found

    def _flush(self, rights: int, conditional: int, even_empty: bool) -> None:
        allowed = self._who or _ALL
        if rights or even_empty:
            if self._operator == "=":
                self._found.append(_Change("-", self._who or _EVERYBODY))
            self._found.append(_Change("-" if self._operator == "-" else "+", rights & allowed))
        if conditional:
            self._found.append(_Change("X", conditional & allowed))


def _apply(change: _Change, mode: int, executable: bool) -> int:
    match change.what:
        case "+":
            return mode | change.bits
        case "-":
            return mode & ~change.bits
        case "X":
            return mode | change.bits if executable else mode
    value = mode >> _SHIFT[change.what] & 0o7
    for letter, shift in _SHIFT.items():
        if change.bits & 0o4 << shift & _WHO[letter]:
            cleared = {"+": 0, "-": value, "=": 0o7}[change.operator]
            mode = mode & ~(cleared << shift) | (0 if change.operator == "-" else value << shift)
    return mode
