"""Forms that work, but are old or mislead."""

from __future__ import annotations

from collections.abc import Iterable

from builder.errors import Span
from builder.lint.rule import Finding, OfFiles, OfInstructions
from builder.plan.facts import CommandSet, Fact, FileBegun, FileRead, PairsSet, read_nodes


class NoEmptyContinuation(OfFiles):
    name = "NoEmptyContinuation"
    description = "No empty line stands within an instruction; later versions may refuse it"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, FileRead | FileBegun):
            for node in fact.buildfile.nodes:
                if node.gap_end:
                    yield Finding("Empty line within an instruction", Span(node.span.file, node.gap_end, node.gap_end))


class MaintainerDeprecated(OfInstructions):
    name = "MaintainerDeprecated"
    description = "The author of an image is told by a label, MAINTAINER is deprecated"

    def check(self, fact: Fact) -> Iterable[Finding]:
        for node in read_nodes(fact):
            if node.name == "MAINTAINER":
                message = "MAINTAINER is deprecated, use LABEL org.opencontainers.image.authors"
                yield Finding(message, node.span)


class LegacyKeyValueFormat(OfInstructions):
    name = "LegacyKeyValueFormat"
    description = "ENV and LABEL are written with `=`; a blank in its place is an old form"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, PairsSet) and fact.legacy:
            yield Finding(f'Write "{fact.instruction} key=value", not the old form "{fact.instruction} key value"')


class JSONArgsRecommended(OfInstructions):
    name = "JSONArgsRecommended"
    description = "CMD and ENTRYPOINT are written as JSON, since a shell does not pass signals on"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, CommandSet) and fact.by_default_shell:
            yield Finding(f"Write {fact.instruction} as JSON, so that signals reach the program and not a shell")


class MultipleInstructionsDisallowed(OfInstructions):
    name = "MultipleInstructionsDisallowed"
    description = "CMD, ENTRYPOINT and HEALTHCHECK each stand once in a stage; only the last counts"

    def __init__(self) -> None:
        self._last: dict[tuple[int, str], Span] = {}

    def check(self, fact: Fact) -> Iterable[Finding]:
        """The one before is what does not count, so the warning stands there."""
        if not isinstance(fact, CommandSet):
            return
        before = self._last.get((fact.stage, fact.instruction))
        if before:
            yield Finding(f"A stage should have one {fact.instruction}: only the last one counts", before)
        self._last[fact.stage, fact.instruction] = fact.span
