"""The way to the causes of a miss."""

from __future__ import annotations

from collections.abc import Sequence

from builder.lean import TYPE_CHECKING, NamedTuple
from builder.plan.types import Plan, Step
from builder.solve.reasons.below import (
    Around,
    Building,
    base_change,
    base_moved,
    building_now,
    building_then,
    cause_below,
)
from builder.solve.reasons.nearest import Earlier, earlier_runs
from builder.solve.reasons.notes import base_of, mount_sources
from builder.solve.reasons.own import Compared, own_causes
from builder.solve.reasons.wording import shown
from builder.solve.types import Cause, Parts, Past, PastStep, Record

if TYPE_CHECKING:
    from builder.solve.solver import Solver
    from builder.solve.state import StageState

_FIRST = Cause("first", "no earlier build of this file here")
_LOST = Cause("lost", "the layer of the earlier build is gone")
DISBELIEVED = Cause("claim", "what was said of the layers below it when it ran is not said any more, or was false")
_NEW = Cause("new", "new instruction: no earlier build has it")


def disabled(title: str, everywhere: bool) -> Cause:
    """Of a step of the stage `title`."""
    return Cause("disabled", f"cache disabled by {'--no-cache' if everywhere else f'--no-cache-filter {title}'}")


def builds_to_compare(past: Past, plan: Plan) -> Sequence[Sequence[PastStep]]:
    """Newest first. A Buildfile that is new here may be one that was moved, or checked out anew."""
    known = past.builds()
    moved = [] if known else past.alike({step.text for stage in plan.stages for step in stage.steps})
    return [moved] if moved else known


class Explained(NamedTuple):
    causes: tuple[Cause, ...]
    """Never empty."""
    nearest: Record | None
    """What was compared with."""


class Explainer:
    """Of one solve. Safe between threads."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self._past = solver.past()
        self._builds = builds_to_compare(self._past, solver.plan)
        self._recalled: dict[str, Record | None] = {}

    def explain(self, step: Step, state: StageState, key: str, parts: Parts) -> Explained:
        """The step that `state` is about to take, and for which no record was found."""
        earlier = earlier_runs(state.stage, step.number, self._builds)
        for run in earlier.candidates:
            if run.key == key:
                return Explained((self._gone(key) if run.is_finished else _failed(run),), self._recall(key))
            record = self._recall(run.key) if run.is_finished else None
            if record is not None:
                return self._compared(step, state, parts, record)
        record = None if self._builds else self._solver.cache.nearest(self._solver.identity(step, state))
        if record is not None:
            return self._compared(step, state, parts, record)
        return Explained((self._unknown(step, earlier, state),), None)

    def _compared(self, step: Step, state: StageState, parts: Parts, record: Record) -> Explained:
        sources = mount_sources(step, self._solver.plan)
        compared = Compared(step, parts, record, self._solver.runner.describe_content, sources)
        if not compared.changed:
            return Explained((self._gone(record.key),), record)
        causes = own_causes(compared)
        solver = self._solver
        now = building_now(state, solver.states, solver.plan, solver.options.build_id)
        then = building_then(record, lambda key: self._recall(key) or self._past.removed(key))
        if then is not None and now.base != then.base:
            causes = _with_base(causes, now, then, stands_elsewhere="parent" in compared.changed)
        if not causes:
            around = _around(step, state, self._solver.plan)
            causes = [cause_below(now, then, step.text, around, solver.runner.describe_layers)]
        return Explained(tuple(causes), record)

    def _recall(self, key: str) -> Record | None:
        """Each is read once, however many steps stand on it."""
        if key not in self._recalled:
            self._recalled[key] = self._past.recall(key)
        return self._recalled[key]

    def _unknown(self, step: Step, earlier: Earlier, state: StageState) -> Cause:
        for run in earlier.candidates:
            if run.is_finished and (pruned := self._past.pruned(run.key)):
                return Cause("pruned", f"record pruned on {pruned}")
        if earlier.candidates:
            return _LOST if earlier.candidates[0].is_finished else _failed(earlier.candidates[0])
        if not self._builds:
            return _FIRST
        if not earlier.knows_stage:
            return Cause("first", f"no earlier build of stage {state.stage.title} here")
        if step.text.startswith("ONBUILD "):
            name = base_of(state, self._solver.states, self._solver.plan)[0]
            return Cause("base", f"base {shown(name)} has a new ONBUILD")
        return _NEW

    def _gone(self, key: str) -> Cause:
        pruned = self._past.pruned(key)
        return Cause("pruned", f"record pruned on {pruned}") if pruned else _LOST


def _around(step: Step, state: StageState, plan: Plan) -> Around:
    others = [stage for stage in plan.stages if stage is not state.stage]
    return Around(
        frozenset(other.text for other in state.stage.steps[step.number :]),
        {other.text: stage.title for stage in others for other in stage.steps},
    )


def _failed(run: PastStep) -> Cause:
    return Cause("failed", f"it did not finish in build {run.build}")


def _with_base(causes: list[Cause], now: Building, then: Building, *, stands_elsewhere: bool) -> list[Cause]:
    """Variables that differ come with a base that is another one, as far as this can be known."""
    variables = [cause for cause in causes if cause.kind == "variable"]
    moved = base_change(now, then)
    if moved is None and variables:
        moved = base_moved(now, then, [cause.text for cause in variables])
    if moved is None or not (stands_elsewhere or variables):
        return causes
    return [moved, *(cause for cause in causes if cause.kind != "variable")]
