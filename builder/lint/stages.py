"""Names of stages."""

from __future__ import annotations

from collections.abc import Iterable

from builder.lint.rule import Finding, OfFiles
from builder.plan.facts import Fact, FileRead
from builder.syntax.instructions import Buildfile, From

_RESERVED = ("context", "scratch")


def _named_heads(buildfile: Buildfile) -> list[From]:
    return [item for item in buildfile.instructions if isinstance(item, From) and item.name]


class ReservedStageName(OfFiles):
    name = "ReservedStageName"
    description = "A stage has no name that means something else"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, FileRead):
            for head in _named_heads(fact.buildfile):
                if head.name in _RESERVED:
                    yield Finding(f"'{head.name}' is a reserved name and should not name a stage", head.span)


class DuplicateStageName(OfFiles):
    name = "DuplicateStageName"
    description = "No two stages have the same name"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, FileRead):
            return
        seen: set[str] = set()
        for head in _named_heads(fact.buildfile):
            if head.name in seen:
                yield Finding(f"Stage name '{head.name}' is used before, stage names should be unique", head.span)
            seen.add(head.name)
