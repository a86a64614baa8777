"""What is found is rewritten, again and again until nothing is left that can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.errors import BuildfileError, Problems
from builder.lint.fix.rewrite import FIXES, Instruction
from builder.lint.fix.source import Edit, Located, Source
from builder.plan.types import Plan, Remark
from builder.syntax.instructions import Buildfile, Node
from builder.syntax.parse import parse

_MOST_PASSES = 10
"""Each pass fixes what the one before has brought to light, such as an AS that no longer agrees with its FROM."""
_JSON = "JSONArgsRecommended"


class Findings(NamedTuple):
    remarks: tuple[Remark, ...]
    plan: Plan | None
    """None where the Buildfile is wrong or a base is not there."""


class Fixed(NamedTuple):
    data: bytes
    made: tuple[Remark, ...]
    """What was rewritten, with the lines of the text that it was found in."""
    left: tuple[Remark, ...]


def fix(data: bytes, name: str, look: Callable[[bytes], Findings]) -> Fixed:
    """`look` checks a text. A file that cannot be parsed stays as it is."""
    made: list[Remark] = []
    found = look(data)
    for _ in range(_MOST_PASSES):
        try:
            buildfile = parse(data, name)
        except (BuildfileError, Problems):
            break
        changed, done = _pass(data, buildfile, found)
        if not done:
            break
        data = changed
        made += done
        found = look(data)
    return Fixed(data, tuple(made), found.remarks)


def _pass(data: bytes, buildfile: Buildfile, found: Findings) -> tuple[bytes, list[Remark]]:
    """One rule for one instruction at a time, so that edits never meet."""
    source = Source(data, buildfile.escape)
    edits: list[Edit] = []
    done: list[Remark] = []
    touched: set[int] = set()
    for remark in found.remarks:
        node = _node_at(buildfile, remark)
        if (
            node is None
            or remark.rule not in FIXES
            or (remark.rule == _JSON and not _shell_is_not_seen(buildfile, found.plan))
        ):
            continue
        if node.span.line in touched:
            continue
        located = Located(source, node)
        wanted = FIXES[remark.rule](Instruction(buildfile, node, located)) if located.is_sound else []
        if wanted and _holds(source, wanted, buildfile, node):
            edits += wanted
            done.append(remark)
            touched.add(node.span.line)
    return source.edited(edits), done


def _node_at(buildfile: Buildfile, remark: Remark) -> Node | None:
    line = remark.span.line
    return next((node for node in buildfile.nodes if node.span.line <= line <= node.span.end_line), None)


def _holds(source: Source, edits: list[Edit], buildfile: Buildfile, node: Node) -> bool:
    """Whether the file still parses and no other instruction has become another one."""
    try:
        after = parse(source.edited(edits), buildfile.file)
    except (BuildfileError, Problems):
        return False
    if len(after.nodes) != len(buildfile.nodes) or after.directives != buildfile.directives:
        return False
    pairs = zip(buildfile.nodes, after.nodes, strict=True)
    return all(_is_meant(old, new) if old is node else _content(old) == _content(new) for old, new in pairs)


def _is_meant(old: Node, new: Node) -> bool:
    """The rewritten instruction: a pair keeps its name and, but for quotes, its value."""
    if old.name in ("ENV", "LABEL") and old.args[2] == "" and new.args[2] != "":
        name, value = old.args[:2]
        return new.args in ((name, value, "="), (name, f'"{value}"', "="))
    return old.name in ("MAINTAINER", "CMD", "FROM", "EXPOSE") or _content(old) == _content(new)


def _content(node: Node) -> object:
    """All but where it stands and how its name is written."""
    return node._replace(span=None, gap_end=0, original="", sub=None)  # type: ignore[arg-type]


def _shell_is_not_seen(buildfile: Buildfile, plan: Plan | None) -> bool:
    """No ENTRYPOINT, of a stage or of a base, is given the words of CMD."""
    if plan is None or any("ENTRYPOINT" in node.original.upper() for node in buildfile.nodes):
        return False
    configs = [stage.config.config for stage in plan.stages] + [image.config.config for image in plan.images]
    return not any(config.entrypoint or config.on_build for config in configs)
