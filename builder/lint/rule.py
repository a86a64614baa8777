"""What a rule is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from builder.errors import Span
from builder.plan.facts import Fact


class Finding(NamedTuple):
    message: str
    span: Span | None = None
    """None: where the fact is."""


class Rule(Protocol):
    """One rule during one reading of one file; it may remember what it heard."""

    name: str
    """BuildKit's."""
    description: str
    """What the rule is about, in one sentence."""
    experimental: bool
    """Only on request."""
    heeds_comments: bool
    """Whether a `# check=` above the instruction counts for it."""

    def check(self, fact: Fact) -> Iterable[Finding]: ...


class OfInstructions:
    """A rule like most: not experimental, and subject to the comment above an instruction."""

    experimental = False
    heeds_comments = True


class OfFiles:
    """A rule that only the settings of the whole file govern."""

    experimental = False
    heeds_comments = False
