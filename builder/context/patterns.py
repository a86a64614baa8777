"""A line of an ignore file as a pathspec pattern, with the meaning that moby's patternmatcher gives it.

patternmatcher turns most lines into a regular expression of Go without reading them as wildcards first, so its corners
are those of that translation: `[*]` is the class of `[`, `^`, `/` and then a `]`, `\\d` is a digit, a `^` in a pattern
with wildcards is an anchor. They are kept, because a build must see the same files.

2026-11-24: what Go's expressions know and no ignore file needs (`\\x41`, `\\pL`, `\\Q…\\E`, octal) is refused as
malformed.
"""

from __future__ import annotations

import re

from pathspec.pattern import RegexPattern

from builder.context.match import check_as_ignore_pattern
from builder.errors import ContextError

EXACT, PREFIX, SUFFIX, REGEX = "=", "<", ">", "~"

_FOLDERS = "(?:.*/)?"
_NO_SLASH = r"[^\U0000002f-\U0000002f]"
_ESCAPED_IN_GO = frozenset(".+()|{}$")
_ESCAPES = {
    "d": "[0-9]", "D": "[^0-9]", "s": r"[\t\n\f\r ]", "S": r"[^\t\n\f\r ]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_]",
    "b": r"(?a:\b)", "B": r"(?a:\B)", "A": r"\A", "z": r"\Z",
    "a": r"\x07", "f": r"\f", "n": r"\n", "r": r"\r", "t": r"\t", "v": r"\v",
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


class DockerPattern(RegexPattern):
    """One cleaned line, `!` included. `include` is true for what is ignored, as in pathspec's own gitignore
    patterns."""

    @classmethod
    def pattern_to_regex(cls, pattern: str) -> tuple[str, bool]:  # type: ignore[override]
        """The regular expression that finds a path which the line names itself (not through a parent). Raises
        ContextError `bad-pattern` for what patternmatcher refuses."""
        text = pattern.removeprefix("!")
        kind, literal = classify(text)
        regex = {
            EXACT: rf"\A{re.escape(literal)}\Z",
            PREFIX: rf"\A{re.escape(literal)}",
            SUFFIX: rf"(?:{'(?:^|/)' if literal.startswith('/') else ''}){re.escape(literal.removeprefix('/'))}\Z",
        }.get(kind) or literal
        try:
            re.compile(regex)
        except re.error as error:
            raise malformed(text) from error
        return regex, not pattern.startswith("!")


def classify(text: str) -> tuple[str, str]:
    """How patternmatcher compares `text` with a path: as a whole, by its beginning, by its end (then the literal
    follows), or by a regular expression (then that follows, in Python's syntax)."""
    check_as_ignore_pattern(text)
    kind, go = _go_regex(text)
    if kind == REGEX:
        return kind, "\\A" + _python_regex(go + "$", text)
    if kind == PREFIX:
        return kind, text[:-2]
    return kind, text[2:] if kind == SUFFIX and text.startswith("**") else text


def malformed(text: str) -> ContextError:
    return ContextError(
        "bad-pattern", f"malformed pattern: {text!r}", hint="to mean a special character, put `\\` before it"
    )


def _go_regex(text: str) -> tuple[str, str]:
    """patternmatcher's own translation (`Pattern.compile`), with the kind of comparison it settles on."""
    text = text.removeprefix("\ufeff")  # as the scanner that it reads with
    kind, regex, at = EXACT, "", 0
    while at < len(text):
        start, char = at, text[at]
        at += 1
        if char == "*" and text.startswith("*", at):
            at += 1
            at += text.startswith("/", at)
            if at < len(text):
                regex, kind = regex.removesuffix(_FOLDERS) + _FOLDERS, REGEX  # twice is as good as once, but slower
            elif kind == EXACT:
                kind = PREFIX
            else:
                regex, kind = regex + ".*", REGEX
            kind = SUFFIX if start == 0 else kind
        elif char in "*?":
            regex, kind = regex + ("[^/]*" if char == "*" else "[^/]"), REGEX
        elif char == "\\" and at < len(text):
            regex, kind = regex + "\\" + text[at], REGEX
            at += 1
        elif char == "\\":
            regex += "\\"  # it will escape the final `$`: such a pattern is not anchored
        elif char in "[]":
            regex, kind = regex + char, REGEX
        else:
            regex += "\\" + char if char in _ESCAPED_IN_GO else char
    return kind, regex


def _python_regex(go: str, text: str) -> str:
    regex, at = "", 0
    star = -1
    """Where the last star stands in `regex`, if only plain characters follow it: a class may match a slash."""
    while at < len(go):
        char = go[at]
        if char == "\\":
            letter = go[at + 1]
            if letter not in _ESCAPES and letter.isascii() and letter.isalnum():
                raise malformed(text)
            star = -1 if letter in _ESCAPES else star
            regex += _ESCAPES.get(letter) or re.escape(letter)
            at += 2
        elif char == "[":
            members, at = _python_class(go, at + 1, text)
            if members != _NO_SLASH:
                star = -1
            elif go.startswith("*", at):
                regex = _committed(regex, star)
                star = len(regex)
            regex += members
        else:
            star = -1 if char == "(" else star
            regex += {"]": "\\]", "$": "\\Z"}.get(char, char)
            at += 1
    return regex


def _committed(regex: str, star: int) -> str:
    """Another star follows: it reaches whatever lies behind the first fit of the text between, so the expression need
    not come back to try later ones. Go's expressions never do; ours would, for ages where there are many stars."""
    return regex if star < 0 else f"{regex[:star]}(?>{_NO_SLASH}*?{regex[star + len(_NO_SLASH) + 1 :]})"


def _python_class(go: str, at: int, text: str) -> tuple[str, int]:
    """Reads a class of Go's syntax (RE2, with Perl's leniency for `-`) from behind its `[`."""
    negated = go.startswith("^", at)
    at += negated
    members: list[str] = []
    while not (members and go.startswith("]", at)):
        if go.startswith("[:", at) and (end := go.find(":]", at)) > 0:
            members.append(_named_class(go[at + 2 : end], text))
            at = end + 2
        elif go.startswith("\\", at) and go[at + 1] in _CLASS_ESCAPES:
            members.append(_CLASS_ESCAPES[go[at + 1]])
            at += 2
        else:
            low, at = _class_char(go, at, text)
            high = low
            if go.startswith("-", at) and not go.startswith("]", at + 1) and at + 1 < len(go):
                high, at = _class_char(go, at + 1, text)
            if low > high:
                raise malformed(text)
            members.append(f"\\U{ord(low):08x}-\\U{ord(high):08x}")
    return f"[{'^' * negated}{''.join(members)}]", at + 1


def _class_char(go: str, at: int, text: str) -> tuple[str, int]:
    char = go[at : at + 1]
    if char == "\\":
        at += 1
        char = go[at : at + 1]
        if char.isascii() and char.isalnum():
            char = _CONTROL.get(char, "")
    if not char:
        raise malformed(text)
    return char, at + 1


def _named_class(name: str, text: str) -> str:
    members = _NAMED_CLASSES.get(name.removeprefix("^"))
    if members is None or name.startswith("^"):
        raise malformed(text)
    return members
