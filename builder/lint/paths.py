"""Paths that depend on what the Buildfile does not say."""

from __future__ import annotations

from collections.abc import Iterable

from builder.context.ignore import IgnoreRules, Rule, clean
from builder.lint.rule import Finding, OfInstructions
from builder.plan.facts import Fact, FilesCopied, WorkdirSet

_WHOLE_CONTEXT = ("*", "**", "**/*")


class WorkdirRelativePath(OfInstructions):
    name = "WorkdirRelativePath"
    description = "The first WORKDIR is absolute; otherwise the base image decides where it is"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, WorkdirSet) and fact.is_first and not fact.path.startswith("/"):
            yield Finding(f'WORKDIR "{fact.path}" is relative: where it is changes with the base image')


class CopyIgnoredFile(OfInstructions):
    name = "CopyIgnoredFile"
    description = "COPY and ADD name no file that the ignore file excludes"

    def __init__(self, ignored: IgnoreRules | None) -> None:
        """Nothing is found where a line has `!`: a file in an excluded folder may then be there after all."""
        self._lines = () if ignored is None or ignored.has_exceptions else ignored.rules

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, FilesCopied) or not self._lines:
            return
        verb = "ADD" if fact.is_add else "COPY"
        for path in map(clean, fact.paths):
            if self._excludes(path):
                yield Finding(f'{verb} "{path}": the ignore file excludes it')

    def _excludes(self, path: str) -> bool:
        if path in (".", "/") and not any(rule.text in _WHOLE_CONTEXT for rule in self._lines):
            return False
        return any(rule.names(path) or _names_parent(rule, path) for rule in self._lines)


def _names_parent(rule: Rule, path: str) -> bool:
    """Whether the line names a folder above; of an absolute path that is also the empty one, as in patternmatcher's
    MatchesOrParentMatches."""
    parent, slash, _ = path.rpartition("/")
    parts = (parent or slash).split("/") if slash else []
    return any(rule.names("/".join(parts[:depth])) for depth in range(1, len(parts) + 1))
