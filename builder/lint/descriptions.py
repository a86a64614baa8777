"""Comments that describe arguments and stages (shown by `--call outline` and `--call targets`)."""

from __future__ import annotations

from collections.abc import Iterable

from builder.lint.rule import Finding
from builder.plan.facts import Fact, FileBegun, FileRead
from builder.syntax.instructions import Arg, From, Instruction


class InvalidDefinitionDescription:
    name = "InvalidDefinitionDescription"
    description = (
        "A comment right above ARG or a named FROM begins with the name it describes; an empty line or comment between "
        "them says that it is none"
    )
    experimental = True
    heeds_comments = True

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, FileRead | FileBegun):
            return
        file = fact.buildfile
        understood = fact.understood if isinstance(fact, FileBegun) else len(file.nodes)
        for node, item in zip(file.nodes[:understood], file.instructions[:understood], strict=True):
            names = _names(item)
            if names and node.comments and node.comments[-1].split(" ")[0] not in names:
                name = names[0] if len(names) == 1 else "NAME"
                yield Finding(f"A comment that describes {node.name} should read `# {name} description`", node.span)


def _names(item: Instruction) -> list[str]:
    if isinstance(item, Arg):
        return [name for name, _ in item.pairs]
    return [item.name] if isinstance(item, From) and item.name else []
