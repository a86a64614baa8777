"""Upper and lower case of names and keywords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.lint.rule import Finding, OfFiles, OfInstructions
from builder.plan.facts import Fact, FileRead, read_nodes
from builder.syntax.blanks import lower, upper
from builder.syntax.instructions import Buildfile, Node
from builder.syntax.words import split_statement


def written_name(node: Node) -> str:
    """The instruction's name as it stands in the file."""
    return split_statement(node.original, "\\").name


def is_lower(word: str) -> bool:
    return word == lower(word)


def is_upper(word: str) -> bool:
    return word == upper(word)


def in_stages(buildfile: Buildfile) -> list[Node]:
    """All nodes but the ARG lines above the first FROM."""
    names = [node.name for node in buildfile.nodes]
    return list(buildfile.nodes[names.index("FROM") :]) if "FROM" in names else []


def majority_is_lower(buildfile: Buildfile) -> bool:
    """Whether most instructions are written in lower case; those of mixed case have no say."""
    names = [written_name(node) for node in in_stages(buildfile)]
    lower_case = sum(is_lower(name) for name in names)
    return lower_case > sum(is_upper(name) and not is_lower(name) for name in names)


class StageNameCasing(OfInstructions):
    name = "StageNameCasing"
    description = "A stage name is written in lower case"

    def check(self, fact: Fact) -> Iterable[Finding]:
        for node in read_nodes(fact):
            if node.name == "FROM" and len(node.args) == 3 and not is_lower(node.args[2]):
                yield Finding(f"Stage name '{node.args[2]}' should be lower case", node.span)


class FromAsCasing(OfInstructions):
    name = "FromAsCasing"
    description = "AS is written in the same case as FROM"

    def check(self, fact: Fact) -> Iterable[Finding]:
        for node in read_nodes(fact):
            if node.name == "FROM" and len(node.args) == 3:
                yield from self._check(node, written_name(node), node.args[1])

    def _check(self, node: Node, keyword: str, word: str) -> Iterator[Finding]:
        """A FROM of mixed case has nothing to agree with; another rule is about that."""
        agrees = is_lower(word) if is_lower(keyword) else is_upper(word) or not is_upper(keyword)
        if not agrees:
            yield Finding(f"'{word}' and '{keyword}' are not written in the same case", node.span)


class ConsistentInstructionCasing(OfFiles):
    name = "ConsistentInstructionCasing"
    description = "All instructions of a file are written in one case, upper or lower"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, FileRead):
            return
        most_lower = majority_is_lower(fact.buildfile)
        case = "lower case" if most_lower else "upper case"
        for node in in_stages(fact.buildfile):
            word = written_name(node)
            if not (is_lower(word) if most_lower else is_upper(word)):
                yield Finding(f"Instruction '{word}' should be written as most of them are, in {case}", node.span)
