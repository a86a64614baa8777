"""`--call=outline`: what a target takes, and what the comments of its Buildfile say of that.

As in BuildKit an argument is listed where the target or a stage that it needs uses it: an ARG of the stage, or a
global one that such a FROM mentions, and what its default mentions in turn.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from builder.calls.excerpt import location
from builder.calls.table import table
from builder.context.buildfile import BuildfileText
from builder.errors import Span
from builder.pipeline.planning import PlanRequest
from builder.plan.facts import ArgumentsRead, ArgumentValued, BaseExpanded, Fact, FileRead
from builder.plan.make import make_plan
from builder.plan.types import ImageResolver, Plan, RunAction
from builder.syntax.expand import expand
from builder.syntax.parse import parse


class OutlinedArg(NamedTuple):
    name: str
    value: str
    description: str
    span: Span
    mentions: frozenset[str] = frozenset()
    """Other arguments in its default."""


class OutlinedMount(NamedTuple):
    """A secret, a forwarded agent or a cache of RUN --mount; several mounts of one id are one."""

    kind: str
    id: str
    required: bool
    span: Span


class OutlineAnswer(NamedTuple):
    text: BuildfileText
    name: str
    description: str
    args: tuple[OutlinedArg, ...]
    mounts: tuple[OutlinedMount, ...] = ()

    @property
    def exit_code(self) -> int:
        return 0

    def to_json(self) -> dict[str, object]:
        members: dict[str, object] = {
            "name": self.name,
            "description": self.description,
            "args": [_argument(arg) for arg in self.args],
            "secrets": [_mount(mount, "name") for mount in self._of("secret")],
            "ssh": [_mount(mount, "name") for mount in self._of("ssh")],
            "cache": [_mount(mount, "ID") for mount in self._of("cache")],
            "sources": [base64.b64encode(self.text.data).decode("ascii")],
        }
        return {name: value for name, value in members.items() if value}

    def to_text(self) -> str:
        parts: list[str] = []
        if self.name or self.description:
            rows = [("TARGET:", self.name or "(default)"), ("DESCRIPTION:", self.description)]
            parts.append(table([row for row in rows if row[1]]))
        if self.args:
            rows_of_args = [(arg.name, arg.value, arg.description) for arg in self.args]
            parts.append(table([("BUILD ARG", "VALUE", "DESCRIPTION"), *rows_of_args]))
        for kind in ("secret", "ssh"):
            rows = [(mount.id, "true" if mount.required else "") for mount in self._of(kind)]
            parts += [table([(kind.upper(), "REQUIRED"), *rows])] if rows else []
        caches = [(mount.id,) for mount in self._of("cache")]
        parts += [table([("CACHE MOUNT",), *caches])] if caches else []
        return "\n".join(parts)

    def _of(self, kind: str) -> list[OutlinedMount]:
        return [mount for mount in self.mounts if mount.kind == kind]


def outline(request: PlanRequest, resolver: ImageResolver) -> OutlineAnswer:
    buildfile = parse(request.text.data, request.text.name)
    notes = _Notes(dict(request.options.build_args))
    plan = make_plan(buildfile, request.options, resolver, notes)
    comments = {stage.position: notes.descriptions.get(stage.span.line, "") for stage in plan.stages}
    target = plan.target
    args = sorted(notes.arguments_of(plan), key=lambda arg: arg.span.line)
    return OutlineAnswer(request.text, target.name, comments[target.position], tuple(args), _mounts_of(plan))


def _mounts_of(plan: Plan) -> tuple[OutlinedMount, ...]:
    """In the file's order; of the same id the target's own mount counts first."""
    found: dict[tuple[str, str], OutlinedMount] = {}
    for stage in reversed(plan.stages):
        for step in stage.steps:
            for mount in step.action.mounts if isinstance(step.action, RunAction) else ():
                if mount.kind in ("secret", "ssh", "cache"):
                    name = mount.id or mount.target
                    found.setdefault((mount.kind, name), OutlinedMount(mount.kind, name, mount.required, step.span))
    return tuple(sorted(found.values(), key=lambda mount: mount.span.line))


class _Notes:
    """A plan.facts.Listener that keeps what an outline is made of."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.descriptions: dict[int, str] = {}
        """Of stages, by the line of FROM."""
        self._given = given
        self._comments: dict[int, tuple[str, ...]] = {}
        self._global: dict[str, OutlinedArg] = {}
        self._in_stage: dict[int, dict[str, OutlinedArg]] = {}
        self._used: dict[int, set[str]] = {}
        self._used_by_head: dict[int, set[str]] = {}

    def hear(self, fact: Fact, span: Span | None = None, in_trigger: bool = False) -> None:  # noqa: ARG002
        match fact:
            case FileRead():
                self._comments = {node.span.line: node.comments for node in fact.buildfile.nodes}
            case ArgumentsRead():
                self.descriptions = {head.span.line: head.comment for head in fact.heads}
                self._read_global(fact)
            case BaseExpanded():
                self._used_by_head.setdefault(fact.head.span.line, set()).update(fact.word.used)
            case ArgumentValued() if span is not None:
                self._used.setdefault(fact.stage, set()).add(fact.name)
                if fact.is_new:
                    arg = OutlinedArg(fact.name, fact.value, self._description(fact.name, span), span)
                    self._in_stage.setdefault(fact.stage, {})[fact.name] = arg

    def arguments_of(self, plan: Plan) -> Iterable[OutlinedArg]:
        """Each name once; the target's own view of it counts first."""
        seen: set[str] = set()
        for stage in reversed(plan.stages):
            known = self._global | self._in_stage.get(stage.position, {})
            used = self._used.get(stage.position, set()) | self._used_by_head.get(stage.span.line, set())
            for name in sorted(_closure(used, known) - seen):
                if name in known:
                    seen.add(name)
                    yield known[name]

    def _read_global(self, fact: ArgumentsRead) -> None:
        scope = dict(fact.predefined)
        for item in fact.args:
            for name, default in item.pairs:
                mentions: frozenset[str] = frozenset()
                value = self._given.get(name)
                if value is None and default is not None:
                    word = expand(default, scope, fact.escape)
                    value, mentions = word.text, word.used - {name}
                    if name in word.used and name in self._global:
                        mentions |= self._global[name].mentions
                if value is not None:
                    scope[name] = value
                description = self._description(name, item.span)
                self._global[name] = OutlinedArg(name, value or "", description, item.span, mentions)

    def _description(self, name: str, span: Span) -> str:
        comments = self._comments.get(span.line, ())
        return next((text[len(name) + 1 :] for text in comments if text.startswith(f"{name} ")), "")


def _closure(names: set[str], known: Mapping[str, OutlinedArg]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known[name].mentions if name in known else ()
    return found


def _mount(mount: OutlinedMount, member: str) -> dict[str, object]:
    members: dict[str, object] = {member: mount.id}
    return members | ({"required": True} if mount.required else {}) | {"location": location(mount.span)}


def _argument(arg: OutlinedArg) -> dict[str, object]:
    members = {"name": arg.name, "description": arg.description, "value": arg.value}
    return {name: value for name, value in members.items() if value} | {"location": location(arg.span)}
