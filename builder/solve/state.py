"""How far each stage has come."""

from __future__ import annotations

from builder.model.layer import Chain, Layer
from builder.plan.types import SourceKind, Stage, Step
from builder.solve.types import Decision, Inputs, Record, StageResult


class StageState:
    """The layers that a stage has so far, and the steps that are still to be taken."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.layers: list[Layer] = []
        self.created: list[str] = []
        self.decisions: list[Decision] = []
        self.records: list[Record] = []
        self.started = False
        self.pending: Decision | None = None
        """A miss that has been decided and not yet carried out, so that no content is looked at twice."""

    def start(self, base: Chain, created: tuple[str, ...]) -> None:
        """Puts the stage on its base; `created`: the times of those layers of it that a stage of this file made."""
        self.layers = list(base)
        self.created = list(created)
        self.started = True

    def take(self, decision: Decision, record: Record) -> None:
        """The next step is done with this outcome."""
        self.layers.append(record.layer)
        self.created.append(record.created)
        self.records.append(record)
        self.decisions.append(decision)  # last: who looks from another thread counts these
        self.pending = None

    @property
    def taken(self) -> int:
        return len(self.decisions)

    @property
    def next_step(self) -> Step | None:
        steps = self.stage.steps
        return steps[self.taken] if self.taken < len(steps) else None

    @property
    def remaining(self) -> tuple[Step, ...]:
        return self.stage.steps[self.taken :]

    @property
    def is_done(self) -> bool:
        return self.started and self.taken == len(self.stage.steps)

    @property
    def result(self) -> StageResult:
        return StageResult(tuple(self.layers), tuple(self.created))

    def depends_on(self) -> set[int]:
        """Positions of the stages to wait for before this one can go on: its base, and what its next step reads."""
        if not self.started:
            return {self.stage.base.stage} if self.stage.base.kind is SourceKind.STAGE else set()
        step = self.next_step
        return set(step.reads) if step else set()

    def inputs(self, states: dict[int, StageState]) -> Inputs:
        step = self.next_step
        reads = step.reads if step else ()
        return Inputs(tuple(self.layers), {position: tuple(states[position].layers) for position in reads})
