"""A line of an ignore file as a pathspec pattern, with the meaning that moby's patternmatcher gives it.

patternmatcher turns most lines into a regular expression of Go without reading them as wildcards first, so its corners
are those of that translation: `[*]` is the class of `[`, `^`, `/` and then a `]`, `\\d` is a digit, a `^` in a pattern
with wildcards is an anchor, a `|` separates alternatives. They are kept, because a build must see the same files.

2026-11-24: what Go's expressions know and no ignore file needs (`\\x41`, `\\pL`, `\\Q…\\E`, octal) is refused as
malformed.
"""

from __future__ import annotations

import re

from pathspec.pattern import RegexPattern

from builder.context import sweep
from builder.context.goregex import FOLDERS, MalformedError, is_costly, read, to_python
from builder.context.match import check_as_ignore_pattern
from builder.errors import ContextError

EXACT, PREFIX, SUFFIX, REGEX, SWEEP = "=", "<", ">", "~", "%"

_ESCAPED_IN_GO = frozenset(".+()$")
"""patternmatcher means to escape `{`, `|` and `}` too, but its table has no room for them."""


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
            SWEEP: to_python(sweep.load(literal)) if kind == SWEEP else "",
        }.get(kind) or literal
        return regex, not pattern.startswith("!")


def classify(text: str) -> tuple[str, str]:
    """How patternmatcher compares `text` with a path: as a whole, by its beginning, by its end (then the literal
    follows), or by a regular expression (then that follows: in Python's syntax, or as `sweep` has it where Python's
    would take long)."""
    check_as_ignore_pattern(text)
    kind, go = _go_regex(text)
    if kind == REGEX:
        try:
            alternatives = read(f"^{go}$")
        except MalformedError:
            raise malformed(text) from None
        return (SWEEP, sweep.dump(alternatives)) if is_costly(alternatives) else (kind, to_python(alternatives))
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
                regex, kind = regex.removesuffix(FOLDERS) + FOLDERS, REGEX  # twice is as good as once, but slower
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
