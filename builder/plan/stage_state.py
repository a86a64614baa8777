"""What one stage knows between two of its instructions, and how it begins and ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from builder.errors import BuildfileError, Span
from builder.model.config import DEFAULT_PATH, History, ImageConfig, RunConfig
from builder.model.platform import Platform
from builder.plan.args import Arguments
from builder.plan.expansion import expand_body, expand_list, expand_word
from builder.plan.facts import Fact, Listener, VariablesUnset
from builder.plan.history import exporter_line
from builder.plan.images import Images
from builder.plan.paths import joined
from builder.plan.sources import source_outside
from builder.plan.stages import DeclaredStage, StageGraph
from builder.plan.types import Action, CopyAction, PlanOptions, RunAction, Source, SourceKind, Stage, Step
from builder.syntax.expand import Expansion


class Shared(NamedTuple):
    """What all stages of one plan have in common."""

    graph: StageGraph
    images: Images
    arguments: Arguments
    options: PlanOptions
    escape: str
    listener: Listener


class StageState:
    """Instructions read and change it in order; `finish` turns it into a value."""

    def __init__(self, declared: DeclaredStage, shared: Shared, base: Source, platform: Platform) -> None:
        self.declared = declared
        self.shared = shared
        self.base = base
        self.platform = platform
        self.image = ImageConfig(platform)
        """Where the stage starts. Its `config` and `author` are out of date: see below."""
        self.config = RunConfig()
        self.author = ""
        self.env: dict[str, str] = {}
        """ENV and ARG together as a RUN sees them: a variable that is set again moves to the end, as in BuildKit."""
        self.arguments: dict[str, str | None] = {}
        """Declared by ARG here or in the stages above, in order of first mention."""
        self.set_by: dict[str, frozenset[str] | None] = {}
        """Of each variable that the file sets: None for ARG, and for ENV what its value was made of."""
        self.read: set[str] = set()
        """Variables that expanding the words of the present instruction has read."""
        self.cmd_is_own = False
        """Whether this very stage has set CMD: then ENTRYPOINT keeps it."""
        self.has_workdir = False
        """Whether WORKDIR stood here or in the stages above; the base image's does not count."""
        self.in_trigger = False
        self.steps: list[Step] = []
        self.history: list[History] = []
        self.files_from = ""
        """The named context whose files are the lowest layer: no instruction stands for it."""
        self.last_layer = ""
        """What BuildKit calls the last step of the stages above."""

    @property
    def directory(self) -> str:
        return self.config.working_dir or "/"

    def expand(self, word: str, span: Span) -> str:
        result = expand_word(word, self.env, self.shared.escape, span)
        self._note(result, span)
        return result.text

    def expand_list(self, word: str, span: Span) -> tuple[str, ...]:
        return expand_list(word, self.env, self.shared.escape, span)

    def expand_body(self, body: str, span: Span) -> str:
        result = expand_body(body, self.env, span)
        self._note(result, span)
        return result.text

    def tell(self, fact: Fact, span: Span) -> None:
        self.shared.listener.hear(fact, span, self.in_trigger)

    def set_variable(self, name: str, value: str) -> None:
        self.env.pop(name, None)
        self.env[name] = value

    def add_step(self, action: Action, text: str, span: Span, reads: tuple[int, ...] = ()) -> None:
        if any("\0" in word for word in _words_for_the_kernel(action)):
            raise BuildfileError("nul-byte", "no path, argument or variable can hold a NUL byte", span=span)
        on_one_line = " ".join(text.splitlines())
        if self.in_trigger:
            on_one_line = f"ONBUILD {on_one_line}"
        step = Step(self.declared.position, len(self.steps) + 1, on_one_line, span, action, reads)
        self.steps.append(self._with_variables(step))

    def finish(self) -> Stage:
        return Stage(
            position=self.declared.position,
            name=self.declared.head.name,
            base=self.base,
            platform=self.platform,
            steps=tuple(self.steps),
            config=self.image._replace(config=_as_written(self.config), author=self.author),
            history=self._whole_history(),
            span=self.declared.head.span,
        )

    def _whole_history(self) -> tuple[History, ...]:
        """BuildKit makes up a line for the layer that no instruction stands for, at the end, and calls it as the layer
        that is the last one."""
        if not self.files_from:
            return tuple(self.history)
        return (*self.history, exporter_line(self.last_step or f"local source for {self.files_from}"))

    @property
    def last_step(self) -> str:
        """The title of the last step that an instruction stands for; empty if there is none."""
        own = self.steps[1:] if self.base.kind is SourceKind.SCRATCH else self.steps
        if not own:
            return self.last_layer
        graph = self.shared.graph
        total = str(self.declared.count)
        is_alone = len(graph.stages) == 1 and not any(graph.sources(self.declared))
        title = "" if is_alone else f"{self.declared.title} "
        return f"[{title}{len(own):{len(total)}}/{total}] {own[-1].text}"

    def _with_variables(self, step: Step) -> Step:
        if isinstance(step.action, RunAction):
            return step._replace(arguments=self._set_by_arg(dict(step.action.env)))
        names = set(self.read)
        while more := {source for name in names for source in self.set_by.get(name) or ()} - names:
            names |= more
        values = tuple((name, self.env[name]) for name in sorted(names) if name in self.env)
        return step._replace(arguments=self._set_by_arg(dict(values)), variables=values)

    def _set_by_arg(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if self.set_by.get(name, ()) is None)

    def _note(self, expansion: Expansion, span: Span) -> None:
        self.read |= expansion.used
        if expansion.unset:
            self.tell(VariablesUnset(expansion.unset, self.arguments.keys(), self.env.keys()), span)


def _words_for_the_kernel(action: Action) -> tuple[str, ...]:
    """Base images can bring any of them, too."""
    if isinstance(action, RunAction):
        mounts = (word for mount in action.mounts for word in (mount.target, mount.path, mount.id, mount.env or ""))
        return (*action.argv, action.cwd, *(word for pair in action.env for word in pair), *mounts)
    if isinstance(action, CopyAction):
        return (*action.paths, action.dest)
    return (action.path,)


def _as_written(config: RunConfig) -> RunConfig:
    """`config` in the form that Go's JSON encoder gives it: maps sorted by key, empty lists left out."""
    return config._replace(
        exposed_ports=tuple(sorted(config.exposed_ports)),
        volumes=tuple(sorted(config.volumes)),
        labels=tuple(sorted(config.labels)),
        entrypoint=config.entrypoint or None,
        cmd=config.cmd or None,
        shell=config.shell or None,
    )


def begin_stage(declared: DeclaredStage, shared: Shared, finished: dict[int, StageState]) -> StageState:
    """The state before the first instruction; a stage that it starts from must be in `finished`."""
    if declared.base is not None:
        state = _from_stage(declared, shared, finished[declared.base])
    else:
        state = _from_outside(declared, shared)
    if declared.is_replaced:
        return state
    names = [entry.partition("=")[0] for entry in state.config.env]
    if "PATH" not in names and state.platform.os != "windows":
        state.config = state.config._replace(env=(*state.config.env, f"PATH={DEFAULT_PATH}"))
    for entry in state.config.env:
        name, _, value = entry.partition("=")
        state.set_variable(name, value)
    if state.config.working_dir:
        state.config = state.config._replace(working_dir=joined(state.config.working_dir, state.config.working_dir))
    return state


def _from_stage(declared: DeclaredStage, shared: Shared, base: StageState) -> StageState:
    """Files, config and build arguments are inherited; triggers are not: they have just been set off."""
    source = Source(SourceKind.STAGE, stage=base.declared.position)
    state = StageState(declared, shared, source, base.platform)
    state.image = base.image
    state.config = base.config._replace(on_build=())
    state.author = base.author
    state.env = dict(base.env)
    state.arguments = dict(base.arguments)
    state.set_by = dict(base.set_by)
    state.has_workdir = base.has_workdir
    state.history = list(base.history)
    state.files_from, state.last_layer = base.files_from, base.last_step
    return state


def _from_outside(declared: DeclaredStage, shared: Shared) -> StageState:
    """An image, the files of a named context, or nothing at all."""
    platform = declared.platform or shared.options.target_platform
    name = declared.head.name if declared.is_replaced else declared.base_name
    source = source_outside(shared.graph.contexts, shared.images, name, platform, declared.head.span)
    if source.kind is SourceKind.IMAGE:
        return _from_image(declared, shared, source, platform)
    if source.kind is SourceKind.SCRATCH and declared.context is None:
        platform = shared.options.target_platform
    state = StageState(declared, shared, Source(SourceKind.SCRATCH), platform)
    state.config = RunConfig(working_dir="" if declared.is_replaced else "/")
    if source.kind is SourceKind.CONTEXT:
        state.add_step(CopyAction(source, ("/",), "/"), f"FROM {name}", declared.head.span)
        state.files_from = source.context
    return state


def _from_image(declared: DeclaredStage, shared: Shared, source: Source, platform: Platform) -> StageState:
    state = StageState(declared, shared, source, platform)
    config = shared.images.resolved[source.image].config
    kept = tuple((name, value) for name, value in config.extra if name == "os.features")
    state.image = config._replace(extra=kept)
    state.config = config.config._replace(on_build=(), extra=())
    state.author = config.author
    return state
