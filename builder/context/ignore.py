"""Ignore files: which paths of a folder exist for a build.

The reader follows moby's ignorefile package, the matching patternmatcher's `MatchesUsingParentResults` as the context
transfer uses it (see dockerfile-semantics 1.4 and the package's docstring). Cheap for many paths: most paths are
touched by no line, and then a path simply shares its directory's verdict; whether a line touches it is told by sets and
one expression for all lines.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence

from builder.errors import BuilderError, ContextError, Problems, Span
from builder.lean import NamedTuple, Protocol, sha256_hex

DEFAULT_NAME = ".dockerignore"

_RULES_FORMAT = 2
"""Raise it when the translation of patterns changes, so that remembered translations are not used any more."""

# What Go's strings.TrimSpace removes; str.strip() without arguments takes a few more.
_BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_GLOB_CHARACTERS = "*[]?^\\"
_NOT_WITHIN_A_PART = "[]\\^|{"
"""Of a pattern with wildcards: what its translation does not read as a character of a name."""
_NOT_WITHIN_A_NAME = ("/", "**", *_NOT_WITHIN_A_PART)
_ANYTHING_BELOW = r"(?s:/.*)?"
_DEEPEST = 100
"""Parts of a path in one expression, which `re` reads by recursion: more levels than that are all looked into."""


class Rule(NamedTuple):
    text: str
    """The line after cleaning, without `!`."""
    exception: bool
    """It began with `!`."""
    kind: str
    """`=` the path is `value`, `<` it begins with it, `>` it ends with it, `~` the regular expression `value` finds
    it, `%` the steps in `value` lead through it."""
    value: str
    line: int

    def names(self, path: str) -> bool:
        """Whether the line matches `path` itself."""
        match self.kind:
            case "=":
                return path == self.value
            case "<":
                return path.startswith(self.value)
            case ">":
                return path.endswith(self.value) or (self.value.startswith("/") and path == self.value[1:])
            case "%":
                from builder.context.sweep import fits, load

                return fits(load(self.value), path)
        return re.match(self.value, path) is not None


class Verdict(NamedTuple):
    """What the lines say about a directory, to be handed to what is in it."""

    excluded: bool
    matched: tuple[bool, ...] = ()
    """By rule; empty means none."""


NOT_EXCLUDED = Verdict(False)


class RuleMemory(Protocol):
    """Remembers translated ignore files between builds."""

    def recall(self, key: str) -> str | None: ...

    def remember(self, key: str, text: str) -> None: ...


class IgnoreRules:
    """The lines of one ignore file. Never changes once made."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.has_exceptions = any(rule.exception for rule in rules)
        self._paths = {rule.value for rule in rules if rule.kind == "="}
        self._prefixes = tuple(rule.value for rule in rules if rule.kind == "<")
        self._names: set[str] = set()
        self._suffixes: tuple[str, ...] = ()
        for rule in rules:
            if rule.kind == ">" and rule.value.startswith("/") and "/" not in rule.value[1:]:
                self._names.add(rule.value[1:])
            elif rule.kind == ">":
                self._suffixes += (rule.value,)
                self._paths |= {rule.value[1:]} if rule.value.startswith("/") else set()
        by_name = [rule for rule in rules if rule.kind == "~" and _is_about_names(rule.text)]
        by_path = [rule for rule in rules if rule.kind == "~" and not _is_about_names(rule.text)]
        self._name_expression = _any_of([rule.value.replace(r"(?:.*/)?", "", 1) for rule in by_name])
        self._path_expression = _any_of([rule.value for rule in by_path])
        self._swept = [rule for rule in rules if rule.kind == "%"]
        self._known_names: dict[str, bool] = {}
        self._above_exceptions = _above_exceptions(rules)

    @classmethod
    def parse(cls, text: str, name: str = DEFAULT_NAME) -> IgnoreRules:
        """Reads an ignore file; all malformed lines are reported together, as ContextError `bad-pattern` with their
        line in the file `name`. Line ends are LF or CRLF."""
        lines = _read_lines(text)
        if not lines:
            return cls(())
        rules: list[Rule] = []
        errors: list[BuilderError] = []
        written = text.split("\n")
        for number, line in lines:
            try:
                rules.append(_rule(line, number))
            except ContextError as error:
                errors.append(error.at(Span(name, number, number, text=written[number - 1].rstrip("\r"))))
        if errors:
            raise errors[0] if len(errors) == 1 else Problems(tuple(errors))
        return cls(tuple(rules))

    @classmethod
    def load(cls, text: str, memory: RuleMemory, name: str = DEFAULT_NAME) -> IgnoreRules:
        """As `parse`, but a text that `memory` knows is not translated again."""
        return cls._remembered(f"ignore:{_RULES_FORMAT}:{_digest(text)}", lambda: cls.parse(text, name), memory)

    @classmethod
    def of_patterns(cls, patterns: Sequence[str], memory: RuleMemory) -> IgnoreRules:
        """Patterns that do not come from a file: cleaned, but nothing is a comment and a leading slash stays (and then
        matches nothing). Raises ContextError `bad-pattern`."""
        lines = [clean(stripped) for pattern in patterns if (stripped := pattern.strip(_BLANKS))]
        key = f"patterns:{_RULES_FORMAT}:{_digest(json.dumps(lines))}"
        return cls._remembered(key, lambda: cls(tuple(_rule(line, at) for at, line in enumerate(lines, 1))), memory)

    @classmethod
    def _remembered(cls, key: str, make: Callable[[], IgnoreRules], memory: RuleMemory) -> IgnoreRules:
        known = memory.recall(key)
        if known is not None:
            return cls(tuple(Rule(*fields) for fields in json.loads(known)))
        rules = make()
        memory.remember(key, json.dumps(rules.rules))
        return rules

    def excluded(self, path: str) -> bool:
        """Whether `path` is ignored, by itself or through a directory above it. An ignored directory can still be
        needed for an exception in it: see `prunes`."""
        verdict = self.verdict(path)
        return verdict is None or verdict.excluded

    def verdict(self, path: str) -> Verdict | None:
        """The verdict on `path`; None where it is, or lies in, a directory that is skipped whole."""
        verdict, pruned = self._judge_parts(path)
        return None if pruned else verdict

    def prunes(self, path: str) -> bool:
        """For an ignored directory: whether nothing below it can be an exception, so that it need not be read. An
        exception that names the directory itself came before the line that ignores it, so it changes nothing below."""
        return self._above_exceptions is None or self._above_exceptions.fullmatch(f"/{path}") is None

    def judge(self, path: str, name: str, parent: Verdict) -> Verdict:
        """The verdict on `path`, whose last part is `name`, given that on its directory (which was not pruned)."""
        if not self._touches(path, name):
            return parent
        return self._evaluate(path, parent) if self.has_exceptions else Verdict(True)

    def deciding_rule(self, path: str) -> Rule | None:
        """The line because of which `path` is ignored; None if it is not."""
        verdict, _ = self._judge_parts(path)
        found = [rule for rule, matched in zip(self.rules, verdict.matched, strict=False) if matched]
        return found[-1] if verdict.excluded else None

    def _judge_parts(self, path: str) -> tuple[Verdict, bool]:
        """The verdict on `path`, or on the first directory above it that is skipped whole (then true follows)."""
        verdict, end = NOT_EXCLUDED, -1
        while end < len(path):
            end = path.find("/", end + 1)
            end = len(path) if end < 0 else end
            verdict = self._evaluate(path[:end], verdict)
            if verdict.excluded and self.prunes(path[:end]):
                return verdict, True
        return verdict, False

    def _touches(self, path: str, name: str) -> bool:
        """Whether any line names `path` itself."""
        if "\n" in path:  # `.` in an expression stops there, so the short cuts by name would be wrong
            return any(rule.names(path) for rule in self.rules)
        if path in self._paths or name in self._names:
            return True
        if path.startswith(self._prefixes) or path.endswith(self._suffixes):
            return True
        if self._path_expression and self._path_expression.match(path):
            return True
        return self._touches_name(name) or any(rule.names(path) for rule in self._swept)

    def _touches_name(self, name: str) -> bool:
        if self._name_expression is None:
            return False
        known = self._known_names.get(name)
        if known is None:
            known = self._known_names[name] = self._name_expression.match(name) is not None
        return known

    def _evaluate(self, path: str, parent: Verdict) -> Verdict:
        """A line is only asked where its answer can change the outcome so far, as patternmatcher does: what a line was
        not asked about a directory it does not pass on to what is in it."""
        excluded = False
        matched = []
        for rule, inherited in zip(self.rules, parent.matched or (False,) * len(self.rules), strict=True):
            found = inherited or (rule.exception == excluded and rule.names(path))
            matched.append(found)
            if found:
                excluded = not rule.exception
        return Verdict(excluded, tuple(matched))


def find_ignore_file(context_root: str, buildfile_path: str) -> str | None:
    """The ignore file of a context: `NAME.dockerignore` beside the Buildfile (empty: there is none that this context
    belongs to), else `.dockerignore` in the context's root."""
    for path in (buildfile_path and f"{buildfile_path}.dockerignore", os.path.join(context_root, DEFAULT_NAME)):
        if path and os.path.isfile(path):
            return path
    return None


def read_ignore_file(path: str) -> str:
    """Its text; bytes that are not UTF-8 become surrogate escapes, as in paths. Raises ContextError
    `no-ignore-file`."""
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError as error:
        raise ContextError("no-ignore-file", f"cannot read {path}: {error.strerror}") from error


def clean(path: str) -> str:
    """`path` without empty, `.` and resolvable `..` parts, as Go's `filepath.Clean` has it; never empty."""
    parts: list[str] = []
    rooted = path.startswith("/")
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", ".") and not (part == ".." and rooted):
            parts.append(part)
    return "/" * rooted + "/".join(parts) or "."


def _rule(line: str, number: int) -> Rule:
    """Of one cleaned line. Raises ContextError `bad-pattern`."""
    from builder.context.patterns import DockerPattern, classify

    if line == "!":
        raise ContextError("bad-pattern", "a `!` needs a pattern after it")
    pattern = DockerPattern(line)
    kind, value = classify(line.removeprefix("!"))
    return Rule(line.removeprefix("!"), not pattern.include, kind, value, number)


def _digest(text: str) -> str:
    return sha256_hex(text.encode("utf-8", "surrogateescape"))


def _read_lines(text: str) -> list[tuple[int, str]]:
    """Number and cleaned pattern of each line that holds one; comments begin in column 0 only."""
    lines = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        pattern = line.strip(_BLANKS)
        if line.startswith("#") or not pattern:
            continue
        negated = pattern.startswith("!")
        pattern = pattern[negated:].strip(_BLANKS)
        if pattern:
            pattern = clean(pattern)
        if len(pattern) > 1:
            pattern = pattern.removeprefix("/")
        pattern = clean(("!" * negated + pattern).strip(_BLANKS))
        lines.append((number, pattern))
    return lines


def _is_about_names(text: str) -> bool:
    """Whether a pattern with wildcards is `**/NAME`, so that it looks at a path's last part only."""
    return text.startswith("**/") and not any(sign in text[3:] for sign in _NOT_WITHIN_A_NAME)


def _any_of(expressions: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{expression})" for expression in expressions)) if expressions else None


def _above_exceptions(rules: Sequence[Rule]) -> re.Pattern[str] | None:
    """An expression for the directories, with a `/` before, that may have an exception below them.

    Where all exceptions are plain paths but for their end, BuildKit goes by those paths, though `!a/*/**` loses what is
    below `a/b` then. Otherwise it reads every directory; what can have no exception is left out here, with the same
    outcome.
    """
    exceptions = [rule for rule in rules if rule.exception]
    paths = [rule.text.removesuffix("/**").removesuffix("/*") for rule in exceptions]
    if any(sign in path for path in paths for sign in _GLOB_CHARACTERS):
        return _any_of([_directories_above(rule.text, rule.kind) for rule in exceptions])
    return _any_of([_directories_above(path, "=") for path in paths])


def _directories_above(text: str, kind: str) -> str:
    is_odd = kind in "~%" and any(sign in text for sign in _NOT_WITHIN_A_PART)
    parts = ["**"] if is_odd else text.split("/")
    expression = _ANYTHING_BELOW if len(parts) > _DEEPEST else ""
    for part in reversed(parts[:_DEEPEST]):
        wildcards = re.escape(part).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        expression = _ANYTHING_BELOW if "**" in part else f"(?:/{wildcards}{expression})?"
    return expression
