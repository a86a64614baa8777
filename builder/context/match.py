"""Go's `path.Match`, which is what wildcards in COPY and ADD mean: `*`, `?`, `[a-z]`, `[^a]` and `\\` within one part.

A pattern becomes one regular expression. Go commits to the leftmost place where the text between two stars fits and
never comes back to it; an atomic group does the same, and keeps the cost at pattern times name however many stars there
are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from builder.errors import ContextError

_NOTHING = "(?!)"
_ANYTHING = r"[\s\S]"


def match(pattern: str, name: str) -> bool:
    """Whether `pattern` matches the whole of `name`. Raises ContextError `bad-pattern` for a malformed pattern,
    whatever the name."""
    return matcher(pattern)(name)


def matcher(pattern: str) -> Callable[[str], bool]:
    """`match` for one pattern and many names."""
    find = re.compile(_translate(pattern)).match
    return lambda name: find(name) is not None


def check_as_ignore_pattern(pattern: str) -> None:
    """The syntax check that patternmatcher makes on a line of an ignore file: `filepath.Match(pattern, ".")` for its
    error. That function stops reading at the first piece that does not fit, so a later mistake goes unseen. Raises
    ContextError `bad-pattern`."""
    rest = "."
    for star, chunk, last in _chunks(pattern):
        found = re.compile(f"(?>[^/]*{'' if last else '?'}{chunk})" if star else chunk).match(rest)
        if not found or (last and found.end() < len(rest)):
            return
        rest = rest[found.end() :]


def _translate(pattern: str) -> str:
    pieces = []
    for star, chunk, last in _chunks(pattern):
        if star and last:
            pieces.append(f"[^/]*{chunk}")
        else:
            pieces.append(f"(?>[^/]*?{chunk})" if star else chunk)
    return "".join(pieces) + r"\Z"


def _chunks(pattern: str) -> Iterator[tuple[bool, str, bool]]:
    """The pattern cut at its stars: whether a star stands before the piece, the piece as a regular expression for a
    fixed number of characters, and whether it is the last. A piece is checked when it is asked for."""
    at, star = 0, False
    while at < len(pattern):
        chunk = ""
        while at < len(pattern) and pattern[at] != "*":
            item, at = _item(pattern, at)
            chunk += item
        if chunk or at == len(pattern):
            yield star, chunk, at == len(pattern)
        if at < len(pattern):
            star = True
            at += 1
            if at == len(pattern):
                yield True, "", True


def _item(pattern: str, at: int) -> tuple[str, int]:
    """One character, `?` or class as a regular expression, and where the pattern goes on."""
    char = pattern[at]
    at += 1
    if char == "?":
        return "[^/]", at
    if char == "[":
        return _character_class(pattern, at)
    if char == "\\":
        char, at = _escaped(pattern, at)
    return re.escape(char), at


def _character_class(pattern: str, at: int) -> tuple[str, int]:
    """Reads on after `[`. A range the wrong way round is legal and holds nothing."""
    negated = pattern.startswith("^", at)
    at += negated
    ranges: list[str] = []
    while not (ranges and pattern.startswith("]", at)):
        low, at = _class_member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _class_member(pattern, at + 1)
        ranges.append(f"{_literal(low)}-{_literal(high)}" if low <= high else "")
    members = "".join(ranges)
    if not members:
        return (_ANYTHING if negated else _NOTHING), at + 1
    return f"[{'^' * negated}{members}]", at + 1


def _class_member(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at : at + 1]
    if char in ("", "-", "]"):
        raise _bad(pattern)
    at += 1
    if char == "\\":
        char, at = _escaped(pattern, at)
    if at >= len(pattern):
        raise _bad(pattern)
    return char, at


def _escaped(pattern: str, at: int) -> tuple[str, int]:
    if at >= len(pattern):
        raise _bad(pattern)
    return pattern[at], at + 1


def _literal(char: str) -> str:
    return char if char.isalnum() else f"\\U{ord(char):08x}"


def _bad(pattern: str) -> ContextError:
    return ContextError(
        "bad-pattern",
        f"malformed pattern: {pattern!r}",
        hint="a `[` needs its `]` and something between them, and a `\\` something after it",
    )
