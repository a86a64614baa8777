"""A regular expression of Go's, as far as patternmatcher makes them, as one of Python's or as steps for `sweep`.

The user's text reaches Go's parser nearly as it stands, with Perl's extensions: `{2}` repeats what is before it, `|`
separates alternatives of which only the first is held to the beginning and only the last to the end. Groups there are
none but `(.*/)?`, patternmatcher's own.

Python's engine comes back to earlier choices where Go's never does, for ages where there are many: an expression with
more than MOST_FREE things that can be of several lengths is not for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from builder.lean import NamedTuple

MOST_FREE = 4

FOLDERS = "(.*/)?"
_NO_SLASH = r"[^\U0000002f-\U0000002f]"
_REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}")
_MOST_REPEATS = 1000
_CHECKS = {"b": r"(?a:\b)", "B": r"(?a:\B)", "A": r"\A", "z": r"\Z"}
_SETS = {
    "d": "[0-9]", "D": "[^0-9]", "s": r"[\t\n\f\r ]", "S": r"[^\t\n\f\r ]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]"
}  # fmt: skip
_CLASS_ESCAPES = {
    "d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_", "D": r"\x00-/:-\U0010ffff",
    "S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff", "W": r"\x00-/:-@\[-\^`\{-\U0010ffff",
}  # fmt: skip
_CONTROL = {"a": "\x07", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NAMED_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`\{-~",
    "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class MalformedError(Exception):
    """Go refuses the expression, or it is one of those that are not read here."""


class Step(NamedTuple):
    """What comes next in a path, as a regular expression of Python's for one character; or, where `kind` says so, for
    a place between two, or for any number of whole folders."""

    kind: str
    text: str
    low: int = 1
    high: int | None = 1
    """None: as many as there are."""

    @property
    def is_free(self) -> bool:
        return self.kind == FOLDER_STEP or self.low != self.high


ONE, CHECK, FOLDER_STEP = "one", "check", "folders"
_ANY_FOLDERS = Step(FOLDER_STEP, r"(?:.*/)?")

Alternatives = list[list[Step]]


def read(go: str) -> Alternatives:
    """Raises MalformedError."""
    alternatives: Alternatives = [[]]
    at, repeated = 0, False
    while at < len(go):
        steps = alternatives[-1]
        count = _repeat(go, at) if go[at] in "*?{" else None
        if count:
            low, high, at = count
            if repeated or not steps:
                raise MalformedError
            steps[-1:] = _times(steps[-1], low, high)
            at += go.startswith("?", at)  # a lazy one finds the same
            repeated = True
            continue
        repeated = False
        if go[at] == "|":
            alternatives.append([])
            at += 1
        elif go.startswith(FOLDERS, at):
            steps.append(_ANY_FOLDERS)
            at, repeated = at + len(FOLDERS), True
        else:
            step, at = _step(go, at)
            steps.append(step)
    return alternatives


def to_python(alternatives: Alternatives) -> str:
    return "|".join(_to_python(steps) for steps in alternatives)


def is_costly(alternatives: Alternatives) -> bool:
    return any(sum(step.is_free for step in steps) - len(_commits(steps)) > MOST_FREE for steps in alternatives)


def _repeat(go: str, at: int) -> tuple[int, int | None, int] | None:
    """Least, most, and where the expression goes on; None where a brace is a character like others."""
    if go[at] != "{":
        return 0, None if go[at] == "*" else 1, at + 1
    found = _REPEAT.match(go, at)
    if not found:
        return None
    low = int(found[1][:9])  # what has more digits is too large by these already
    high = low if found[2] is None else None if found[3] is None else int(found[3][:9])
    if max(low, high or 0) > _MOST_REPEATS or (high is not None and low > high):
        raise MalformedError
    return low, high, found.end()


def _times(step: Step, low: int, high: int | None) -> list[Step]:
    if step.kind == CHECK:
        return [step] if low else []
    return [step._replace(low=low, high=high)]


def _step(go: str, at: int) -> tuple[Step, int]:
    char = go[at]
    if char == "\\":
        letter = go[at + 1]
        if letter in _CHECKS:
            return Step(CHECK, _CHECKS[letter]), at + 2
        return Step(ONE, _SETS.get(letter) or re.escape(_escaped(letter))), at + 2
    if char == "[":
        members, at = _class(go, at + 1)
        return Step(ONE, members), at
    if char in "^$":
        return Step(CHECK, r"\A" if char == "^" else r"\Z"), at + 1
    return Step(ONE, char if char == "." else re.escape(char)), at + 1


def _escaped(letter: str) -> str:
    if letter in _CONTROL:
        return _CONTROL[letter]
    if letter.isalnum() or not letter.isascii():
        raise MalformedError
    return letter


def _class(go: str, at: int) -> tuple[str, int]:
    """Reads on from behind a `[`; a `-` is a character wherever it makes no range."""
    negated = go.startswith("^", at)
    at += negated
    members: list[str] = []
    while not (members and go.startswith("]", at)):
        if go.startswith("[:", at) and (end := go.find(":]", at + 2)) > 0:
            if go[at + 2 : end] not in _NAMED_CLASSES:
                raise MalformedError
            members.append(_NAMED_CLASSES[go[at + 2 : end]])
            at = end + 2
        elif go.startswith("\\", at) and go[at + 1] in _CLASS_ESCAPES:
            members.append(_CLASS_ESCAPES[go[at + 1]])
            at += 2
        else:
            low, at = _class_char(go, at)
            high = low
            if go.startswith("-", at) and not go.startswith("]", at + 1) and at + 1 < len(go):
                high, at = _class_char(go, at + 1)
            if low > high:
                raise MalformedError
            members.append(f"\\U{ord(low):08x}-\\U{ord(high):08x}")
    return f"[{'^' * negated}{''.join(members)}]", at + 1


def _class_char(go: str, at: int) -> tuple[str, int]:
    if at >= len(go):
        raise MalformedError
    if go[at] != "\\":
        return go[at], at + 1
    return _escaped(go[at + 1]), at + 2


def _to_python(steps: Sequence[Step]) -> str:
    """For `re.match`, so that an alternative which may begin anywhere says so."""
    commits = _commits(steps)
    ends = {end for _, end in commits}
    starts = {start for start, _ in commits}
    regex = "" if steps and steps[0].text == r"\A" else r"[\s\S]*?"
    for at, step in enumerate(steps):
        regex += ")" if at in ends else ""
        regex += f"(?>{step.text}*?" if at in starts else step.text + _quantifier(step)
    return regex


def _quantifier(step: Step) -> str:
    if step.low == step.high:
        return "" if step.low == 1 else f"{{{step.low}}}"
    if step.high is None:
        return "*" if not step.low else f"{{{step.low},}}"
    return f"{{{step.low},{step.high}}}"


def _commits(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """Pairs of neighbouring stars with only single characters between that are no slash, or are nothing else: the
    second star reaches whatever lies behind the first fit of the text between, so no later fit need be tried."""
    found = []
    star = -1
    for at, step in enumerate(steps):
        if step.text == _NO_SLASH and (step.low, step.high) == (0, None):
            if star >= 0:
                found.append((star, at))
            star = at
        elif step.is_free or step.kind != ONE or not _is_plain(step):
            star = -1
    return found


def _is_plain(step: Step) -> bool:
    return step.text == "/" or re.match(step.text, "/") is None
