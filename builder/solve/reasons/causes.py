"""The way to the causes of a miss."""

from __future__ import annotations

from builder.lean import TYPE_CHECKING, NamedTuple
from builder.plan.types import Step
from builder.solve.reasons.below import base_change, building_now, building_then, cause_below
from builder.solve.reasons.nearest import Earlier, earlier_runs
from builder.solve.reasons.own import Compared, own_causes
from builder.solve.types import Cause, Parts, PastStep, Record

if TYPE_CHECKING:
    from builder.solve.solver import Solver
    from builder.solve.state import StageState

_FIRST = Cause("first", "no earlier build of this file here")
_LOST = Cause("lost", "the layer of the earlier build is gone")
_NEW = Cause("new", "new instruction: no earlier build has it")


def disabled(title: str, everywhere: bool) -> Cause:
    """Of a step of the stage `title`."""
    return Cause("disabled", f"cache disabled by {'--no-cache' if everywhere else f'--no-cache-filter {title}'}")


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
        self._builds = self._past.builds()
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
        return Explained((self._unknown(earlier, state),), None)

    def _compared(self, step: Step, state: StageState, parts: Parts, record: Record) -> Explained:
        compared = Compared(step, parts, record, self._solver.runner.describe_content)
        if not compared.changed:
            return Explained((self._gone(record.key),), record)
        causes = own_causes(compared)
        solver = self._solver
        now = building_now(state, solver.states, solver.plan)
        then = building_then(record, self._recall)
        moved = base_change(now, then) if then and now.base != then.base else None
        if moved is not None and ("parent" in compared.changed or any(cause.kind == "variable" for cause in causes)):
            causes = [moved, *(cause for cause in causes if cause.kind != "variable")]
        elif not causes:
            later = frozenset(other.text for other in state.stage.steps[step.number - 1 :])
            causes = [cause_below(now, then, later, solver.runner.describe_layers)]
        return Explained(tuple(causes), record)

    def _recall(self, key: str) -> Record | None:
        """Each is read once, however many steps stand on it."""
        if key not in self._recalled:
            self._recalled[key] = self._past.recall(key)
        return self._recalled[key]

    def _unknown(self, earlier: Earlier, state: StageState) -> Cause:
        for run in earlier.candidates:
            if run.is_finished and (pruned := self._past.pruned(run.key)):
                return Cause("pruned", f"record pruned on {pruned}")
        if earlier.candidates:
            return _LOST if earlier.candidates[0].is_finished else _failed(earlier.candidates[0])
        if not self._builds:
            return _FIRST
        if not earlier.knows_stage:
            return Cause("first", f"no earlier build of stage {state.stage.title} here")
        return _NEW

    def _gone(self, key: str) -> Cause:
        pruned = self._past.pruned(key)
        return Cause("pruned", f"record pruned on {pruned}") if pruned else _LOST


def _failed(run: PastStep) -> Cause:
    return Cause("failed", f"it did not finish in build {run.build}")
