"""Which stage means which: FROM and --from names, numbers, cycles, and what a target needs.

BuildKit's rules, with their surprises: FROM compares its word as it is with the lower-case stage names above it;
COPY --from and --target ignore case and look at the whole file, where the last stage of a name wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.errors import BuilderError, BuildfileError, Problems, Span
from builder.model.platform import Platform
from builder.plan.args import Arguments
from builder.plan.contexts import SCRATCH, Contexts
from builder.plan.expansion import expand_word
from builder.plan.facts import BaseExpanded, Listener
from builder.plan.similar import nearest
from builder.plan.types import NamedContext
from builder.syntax.flag_values import mount_origin
from builder.syntax.instructions import Buildfile, Copy, From, Instruction, Run, Workdir

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


class DeclaredStage:
    """One FROM with its instructions, before anything is resolved."""

    def __init__(self, position: int, head: From, base_name: str, platform: Platform | None) -> None:
        self.position = position
        self.head = head
        self.base_name = base_name
        """Expanded."""
        self.platform = platform
        """What `--platform` asks for."""
        self.base: int | None = None
        """The stage that it starts from; None: an image, a named context or scratch."""
        self.context: NamedContext | None = None
        """The named context that it starts from."""
        self.is_replaced = False
        """Whether a named context has the stage's own name: then it is that and nothing else."""
        self.instructions: list[Instruction] = []
        self.triggers: tuple[Instruction, ...] = ()
        """What the base wants run first (ONBUILD)."""

    @property
    def starts_from_image(self) -> bool:
        return self.base is None and self.context is None and self.base_name != SCRATCH

    @property
    def count(self) -> int:
        """How many steps BuildKit says that there are: the base if it is no stage, every trigger whatever it does, and
        a WORKDIR that has nothing to make, too."""
        steps = sum(isinstance(item, (Run, Copy, Workdir)) for item in self.instructions)
        return (self.base is None and self.base_name != SCRATCH) + len(self.triggers) + steps

    @property
    def title(self) -> str:
        return self.head.name or f"stage-{self.position}"

    def all_instructions(self) -> Iterator[tuple[Instruction, bool]]:
        """Everything that is carried out, in order, and whether it is a trigger."""
        if self.is_replaced:
            return
        yield from ((item, True) for item in self.triggers)
        yield from ((item, False) for item in self.instructions)


class StageGraph:
    """All stages of one Buildfile, whether needed or not."""

    def __init__(self, contexts: Contexts) -> None:
        self.contexts = contexts
        self.stages: list[DeclaredStage] = []
        self._positions: dict[str, int] = {}

    def add(self, stage: DeclaredStage) -> None:
        """A named context stands for a stage of its name, then a stage above for a base, then a named context."""
        replacement = self.contexts.find(stage.head.name, stage.platform) if stage.head.name else None
        if replacement:
            stage.context, stage.is_replaced = replacement, True
        else:
            stage.base = self._positions.get(stage.base_name)
            stage.context = None if stage.base is not None else self.contexts.find(stage.base_name, stage.platform)
        self.stages.append(stage)
        if stage.head.name:
            self._positions[stage.head.name] = stage.position

    def find(self, name: str, span: Span) -> int | None:
        """The stage that `--from=name` means; None: a named context or an image. Raises BuildfileError for a number
        out of range."""
        if not _NUMBER.fullmatch(name):
            return self.named(name)
        if 0 <= int(name) < len(self.stages):
            return int(name)
        raise BuildfileError("unknown-stage", f"there is no stage number {name}", hint=self._extent, span=span)

    def named(self, name: str) -> int | None:
        """The stage of this name; all that a mount's `from` can mean, where a number is an image."""
        position = self._positions.get(name.lower())
        is_replaced = position is not None and self.stages[position].is_replaced
        return None if is_replaced and name.islower() else position

    def target(self, name: str) -> int:
        """The stage that `--target` means; empty: the last."""
        position = self._positions.get(name.lower()) if name else len(self.stages) - 1
        if position is None and _NUMBER.fullmatch(name) and 0 <= int(name) < len(self.stages):
            position = int(name)
        if position is None:
            similar = nearest(name.lower(), self._positions)
            hint = f"did you mean {similar}?" if similar else self._extent
            raise BuildfileError("unknown-stage", f"there is no stage {name!r} to be the target", hint=hint)
        return position

    def similar_name(self, name: str) -> str:
        return nearest(name.lower(), self._positions)

    def meant_by(self, name: str) -> str:
        """What was probably meant by a name that is no image, as a hint; empty when no stage is near."""
        similar = self.similar_name(name)
        if similar == name.lower():
            return f"the stage {similar} stands below: FROM finds those above it"
        return f"did you mean the stage {similar}?" if similar and len(name) > 2 else ""

    def sources(self, stage: DeclaredStage) -> Iterator[tuple[str, int | None, Span]]:
        """Every `--from` of the stage, and every `from` of a mount: the name, the stage that it means (None: an
        image), and where it stands."""
        for item, _ in stage.all_instructions():
            for name, position in self.origins(item):
                yield name, position, item.span

    def origins(self, item: Instruction) -> Iterator[tuple[str, int | None]]:
        """What one instruction takes files from, besides the build context."""
        if isinstance(item, Copy) and item.from_:
            yield item.from_, self.find(item.from_, item.span)
        elif isinstance(item, Run):
            names = (mount_origin(mount) for mount in item.mounts)
            yield from ((name, self.named(name)) for name in names if name)

    def reachable(self, target: int) -> list[int]:
        """The target and every stage that it needs, in file order."""
        found: set[int] = set()
        waiting = [target]
        while waiting:
            position = waiting.pop()
            if position in found:
                continue
            found.add(position)
            stage = self.stages[position]
            waiting += [source for _, source, _ in self.sources(stage) if source is not None]
            waiting += [stage.base] if stage.base is not None else []
        return sorted(found)

    @property
    def _extent(self) -> str:
        names = ", ".join(self._positions)
        count = len(self.stages)
        return f"the file has {count} stage{'s' if count > 1 else ''}" + (f", named {names}" if names else "")


def declare_stages(buildfile: Buildfile, arguments: Arguments, contexts: Contexts, listener: Listener) -> StageGraph:
    """The stages of the file with their bases' names and platforms expanded and looked up. What stands above the first
    FROM is ARG, by the parser's promise."""
    graph = StageGraph(contexts)
    errors: list[BuilderError] = []
    for item in buildfile.instructions:
        if isinstance(item, From):
            try:
                graph.add(_declare(graph, item, arguments, buildfile.escape, listener))
            except BuilderError as error:
                errors.append(error)
                graph.add(DeclaredStage(len(graph.stages), item, SCRATCH, None))
        elif graph.stages:
            graph.stages[-1].instructions.append(item)
    if not graph.stages:
        errors.append(BuildfileError("no-stage", f"{buildfile.file} has no FROM: there is nothing to build"))
    if errors:
        raise_together(errors)
    return graph


def raise_together(errors: list[BuilderError]) -> None:
    """Raises the one error, or all of them as Problems in source order."""
    ordered = sorted(errors, key=lambda error: error.span.line if error.span else 0)
    raise ordered[0] if len(ordered) == 1 else Problems(tuple(ordered))


def _declare(graph: StageGraph, head: From, arguments: Arguments, escape: str, listener: Listener) -> DeclaredStage:
    name = expand_word(head.image, arguments.declared, escape, head.span)
    listener.hear(BaseExpanded(head, name, arguments.names), head.span)
    if not name.text:
        raise BuildfileError(
            "empty-base",
            f"FROM {head.image} names nothing: it expands to an empty word",
            hint="give the ARG above the first FROM a default, or pass --build-arg",
            span=head.span,
        )
    platform = None
    if head.platform:
        word = expand_word(head.platform, arguments.declared, escape, head.span)
        wanted = arguments.declared["TARGETPLATFORM"]
        listener.hear(BaseExpanded(head, word, arguments.names, platform_of=wanted), head.span)
        platform = _platform(head, word.text, name.unset | word.unset, arguments)
    return DeclaredStage(len(graph.stages), head, name.text, platform)


def _platform(head: From, text: str, unset: frozenset[str], arguments: Arguments) -> Platform:
    try:
        return Platform.parse(text)
    except BuilderError as error:
        similar = nearest(min(unset), arguments.names) if unset else ""
        raise BuildfileError(
            "bad-platform",
            f"FROM --platform={head.platform} is not a platform: {text!r}",
            hint=f"did you mean ${similar}?" if similar else error.hint,
            span=head.span,
        ) from None
