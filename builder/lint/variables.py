"""Variables that nothing defines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from builder.errors import BuildfileError, ImageError
from builder.lint.rule import Finding, OfFiles, OfInstructions
from builder.model.reference import Reference
from builder.plan.args import NEVER_IN_ENVIRONMENT
from builder.plan.facts import ArgumentsRead, BaseExpanded, Fact, VariablesUnset
from builder.plan.similar import nearest
from builder.syntax.expand import expand


class UndefinedVar(OfInstructions):
    name = "UndefinedVar"
    description = "A variable is defined above its use"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, VariablesUnset):
            return
        for name in sorted(fact.names.difference(fact.declared, NEVER_IN_ENVIRONMENT)):
            similar = nearest(name, fact.env)
            yield Finding(f"Variable '${name}' is not defined{f' (did you mean ${similar}?)' if similar else ''}")


class UndefinedArgInFrom(OfInstructions):
    name = "UndefinedArgInFrom"
    description = "FROM uses arguments that ARG declares above the first FROM"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, BaseExpanded):
            return
        for name in sorted(fact.word.unset.difference(fact.names)):
            similar = nearest(name, fact.names)
            yield Finding(
                f"FROM uses '{name}', which no ARG declares{f' (did you mean {similar}?)' if similar else ''}"
            )


class InvalidDefaultArgInFrom(OfFiles):
    name = "InvalidDefaultArgInFrom"
    description = "With the defaults of its arguments, FROM names an image"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, ArgumentsRead):
            return
        try:
            defaults = _defaults(fact)
            for head in fact.heads:
                if not _is_image(expand(head.image, defaults, fact.escape).text):
                    yield Finding(f"With the defaults of its arguments, FROM {head.image} names no image", head.span)
        except BuildfileError:
            return  # the planner says it, or the command line gives what is missing


def _is_image(name: str) -> bool:
    try:
        Reference.parse(name)
    except ImageError:
        return False
    return True


def _defaults(fact: ArgumentsRead) -> Mapping[str, str]:
    """The global scope as it is without build arguments."""
    scope = dict(fact.predefined)
    for arg in fact.args:
        for name, default in arg.pairs:
            if default is not None:
                scope[name] = expand(default, scope, fact.escape).text
    return scope
