"""Toy steps: a step's content is a word, its layer the hash of what it stands on. Counts what the solver asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from builder.errors import Span, StepError
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Claim, Layer
from builder.model.media_types import OCI_LAYER
from builder.model.platform import Platform
from builder.plan.types import Plan, RunAction, Source, SourceKind, Stage, Step
from builder.progress.events import Event
from builder.solve.solver import SolveOptions, Solver
from builder.solve.types import Inputs, Parts, PastStep, Record

LINUX = Platform("linux", "amd64")
SPAN = Span("Buildfile", 1, 1)
SCRATCH = Source(SourceKind.SCRATCH)


def layer_of(text: str) -> Layer:
    digest = Digest.of(text.encode())
    return Layer(digest, Descriptor(OCI_LAYER, digest, len(text)))


def run_step(stage: int, number: int, command: str, reads: tuple[int, ...] = ()) -> Step:
    return Step(stage, number, f"RUN {command}", SPAN, RunAction((command,), (), "/", ""), reads)


def stage(
    position: int, commands: list[str], base: Source = SCRATCH, reads: Mapping[int, tuple[int, ...]] = {}
) -> Stage:
    steps = tuple(run_step(position, n, text, reads.get(n, ())) for n, text in enumerate(commands, 1))
    return Stage(position, f"s{position}", base, LINUX, steps, ImageConfig(LINUX), (), SPAN)


class ToyCache:
    def __init__(self) -> None:
        self.records: dict[str, Record] = {}

    def find(self, key: str) -> Record | None:
        return self.records.get(key)

    def keep(self, record: Record) -> None:
        self.records[record.key] = record

    def nearest(self, step: str) -> Record | None:
        return next((r for r in reversed(self.records.values()) if r.step == step), None)


class ToyRunner:
    """`content` is what each command reads; `output` replaces the layer a command makes; `fail` names what fails."""

    def __init__(self) -> None:
        self.content: dict[str, str] = {}
        self.output: dict[str, str] = {}
        self.fail: set[str] = set()
        self.new: set[str] = set()
        self.before_run: Callable[[str], None] = lambda _command: None
        self.ran: list[str] = []
        self.canceled = threading.Event()

    def content_parts(self, step: Step, inputs: Inputs) -> Parts:
        read = [[layer.diff_id for layer in chain] for chain in inputs.stages.values()]
        return {"content": self.content.get(_command(step), ""), "read": read}

    def is_new(self, step: Step) -> bool:
        return _command(step) in self.new and _command(step) not in self.ran

    def run(self, step: Step, inputs: Inputs, log: Callable[[bytes], None]) -> Layer:
        command = _command(step)
        self.before_run(command)
        self.ran.append(command)
        log(b"output of " + command.encode())
        if command in self.fail:
            raise StepError("run-failed", f"{command} failed")
        below = "".join(layer.diff_id for layer in inputs.parent)
        return layer_of(self.output.get(command, f"{below}|{command}|{self.content.get(command, '')}"))

    def prepare(self, steps: Sequence[Step]) -> None:
        pass

    def describe_content(self, step: Step, name: str, old: object, new: object) -> str:  # noqa: ARG002
        return f"{name} differs" if old != new else ""

    def believed(self, step: Step, inputs: Inputs) -> tuple[Claim, ...]:  # noqa: ARG002
        return ()

    def describe_layers(self, old: Digest, new: Digest) -> str:
        return "/file (content)" if old != new else ""

    def cancel(self) -> None:
        self.canceled.set()


class Events:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None:
        pass


class ToyPast:
    """Builds as the solver's own solutions."""

    def __init__(self, cache: ToyCache) -> None:
        self.cache = cache
        self.known: list[list[PastStep]] = []
        self.gone: dict[str, str] = {}

    def add(self, solved: Solver) -> None:
        rows = [(state.stage, decision) for state in solved.states.values() for decision in state.decisions]
        steps = [
            PastStep(f"b{len(self.known)}", str(stage.platform), stage.title, decision.step.text, decision.key, True)
            for stage, decision in rows
        ]
        self.known.insert(0, steps)

    def builds(self) -> Sequence[Sequence[PastStep]]:
        return self.known

    def alike(self, texts: Collection[str]) -> Sequence[PastStep]:  # noqa: ARG002
        return []

    def removed(self, key: str) -> Record | None:  # noqa: ARG002
        return None

    def recall(self, key: str) -> Record | None:
        return self.cache.records.get(key)

    def pruned(self, key: str) -> str:
        return self.gone.get(key, "")


def solver(stages: list[Stage], runner: ToyRunner, cache: ToyCache, **options: object) -> Solver:
    """`options`: of SolveOptions, and `past`, a ToyPast."""
    past = options.pop("past", None)
    known = past if isinstance(past, ToyPast) else ToyPast(cache)
    plan = Plan(tuple(stages), ())
    defaults = SolveOptions(build_id="b1", project="/p/Buildfile")
    return Solver(plan, runner, cache, Events(), defaults._replace(**options), lambda: known)  # type: ignore[arg-type]


def _command(step: Step) -> str:
    assert isinstance(step.action, RunAction)
    return step.action.argv[0]
