"""Hears the planner and keeps what the rules find."""

from __future__ import annotations

from builder.context.ignore import IgnoreRules
from builder.errors import Span
from builder.lint.ruleset import make_rules
from builder.lint.settings import Settings
from builder.plan.facts import Fact, FileBegun, FileRead
from builder.plan.types import Remark
from builder.syntax.instructions import Buildfile


class Linter:
    """A plan.facts.Listener. `remarks` grows while the plan is made."""

    def __init__(self, settings: Settings, ignored: IgnoreRules | None = None) -> None:
        self.settings = settings
        self.remarks: list[Remark] = []
        self._rules = make_rules(ignored)
        self._comments: dict[int, tuple[str, ...]] = {}

    @property
    def fails(self) -> bool:
        """Whether what was found is to fail the build."""
        return self.settings.fails and bool(self.remarks)

    def in_order(self) -> tuple[Remark, ...]:
        return tuple(sorted(self.remarks, key=lambda remark: remark.span.line))

    def hear_of_a_mistake(self, buildfile: Buildfile, understood: int) -> None:
        """What `syntax.parse` says of a file that it does not understand to its end."""
        self.hear(FileBegun(buildfile, understood))

    def hear(self, fact: Fact, span: Span | None = None, in_trigger: bool = False) -> None:
        if isinstance(fact, FileRead | FileBegun):
            self._comments = {node.span.line: node.comments for node in fact.buildfile.nodes if node.comments}
        for rule in self._rules:
            for finding in rule.check(fact):
                place = finding.span or span
                if place is None:
                    continue
                governing = () if in_trigger or not rule.heeds_comments else self._comments_at(span or place)
                if self.settings.merged(governing).allow(rule.name, rule.experimental):
                    self.remarks.append(Remark(rule.name, finding.message, place))

    def _comments_at(self, span: Span) -> tuple[str, ...]:
        return self._comments.get(span.line, ())
