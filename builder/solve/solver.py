"""Takes a plan to its end: hits first, the rest in parallel, one thread a stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.layer import Layer
from builder.plan.types import Plan, SourceKind, Step
from builder.progress.events import Reporter, TaskFinished, TaskLog, TaskStarted
from builder.solve.keys import key_of, key_parts
from builder.solve.state import StageState
from builder.solve.types import CacheBackend, Decision, Inputs, Past, Record, Solution, StepRunner

if TYPE_CHECKING:
    from builder.solve.parallel import Flights
    from builder.solve.reasons.causes import Explainer


class SolveOptions(NamedTuple):
    build_id: str
    project: str
    """What tells steps of one Buildfile from those of another: the Buildfile's absolute path."""
    no_cache: Collection[str] | None = ()
    """Titles of stages whose steps are not looked up; None: no step is."""
    epoch: int | None = None
    explain: bool = False
    """Hits are told with what they were taken from."""
    run_new_first: bool = False
    """A step that reads much that is new on this machine runs before it is looked up, so that is read only once. Not
    for who runs nothing, nor where records of other machines are looked at."""


class Solver:
    def __init__(
        self,
        plan: Plan,
        runner: StepRunner,
        cache: CacheBackend,
        reporter: Reporter,
        options: SolveOptions,
        past: Callable[[], Past],
    ) -> None:
        self.plan = plan
        self.runner = runner
        self.cache = cache
        self.reporter = reporter
        self.options = options
        self.past = past
        self._explainer: Explainer | None = None
        self.states = {stage.position: StageState(stage) for stage in plan.stages}

    def solve(self) -> Solution:
        """Every stage of the plan done. Raises the first step's error after all others have been stopped."""
        self.look_up()
        if not all(state.is_done for state in self.states.values()):
            self.runner.prepare([step for state in self.states.values() for step in state.remaining])
            from builder.solve.parallel import run_stages

            run_stages(self)
        states = [self.states[stage.position] for stage in self.plan.stages]
        return Solution(
            results={state.stage.position: state.result for state in states},
            decisions=tuple(decision for state in states for decision in state.decisions),
            records=tuple(record for state in states for record in state.records),
        )

    def look_up(self) -> None:
        """Takes every stage as far as records lead. Runs nothing."""
        for stage in self.plan.stages:
            self._take_hits(self.states[stage.position])

    def can_go_on(self, state: StageState) -> bool:
        return all(self.states[position].is_done for position in state.depends_on())

    def start(self, state: StageState) -> None:
        base = state.stage.base
        if base.kind is SourceKind.STAGE:
            result = self.states[base.stage].result
            state.start(result.layers, result.created)
        else:
            state.start(self.plan.images[base.image].layers if base.kind is SourceKind.IMAGE else (), ())

    def _take_hits(self, state: StageState) -> None:
        while self.can_go_on(state):
            if not state.started:
                self.start(state)
                continue
            step = state.next_step
            if step is None:
                return
            decision = self.decide(step, state)
            if decision.record is None:
                state.pending = decision
                return
            self.take_hit(state, decision, decision.record)

    def decide(self, step: Step, state: StageState) -> Decision:
        """Looks the step up, unless it is to run first. Runs nothing."""
        inputs = state.inputs(self.states)
        if self.options.run_new_first and self.runner.is_new(step):
            self._explaining()  # what was before this build is asked before this build adds to it
            outline = key_parts(step, state.stage.platform, inputs.parent, {}, self.options.epoch)
            return Decision(step, key_of(outline), None, (), {})
        return self._look_up(step, state, inputs)

    def _look_up(self, step: Step, state: StageState, inputs: Inputs) -> Decision:
        content = self.runner.content_parts(step, inputs)
        parts = key_parts(step, state.stage.platform, inputs.parent, content, self.options.epoch)
        key = key_of(parts)
        if self.cache_is_off(state):
            from builder.solve.reasons.causes import disabled

            return Decision(step, key, None, (disabled(state.stage.title, self.options.no_cache is None),), parts)
        record = self.cache.find(key)
        if record is not None:
            if not record.claims or self.runner.believes(record.claims, inputs):
                return Decision(step, key, record, (), parts)
            from builder.solve.reasons.causes import DISBELIEVED

            return Decision(step, key, None, (DISBELIEVED,), parts, record)
        causes, nearest = self._explaining().explain(step, state, key, parts)
        return Decision(step, key, None, causes, parts, nearest)

    def _explaining(self) -> Explainer:
        if self._explainer is None:
            from builder.solve.reasons.causes import Explainer

            self._explainer = Explainer(self)
        return self._explainer

    def take_hit(self, state: StageState, decision: Decision, record: Record) -> None:
        task = self._announce(decision.step, state)
        state.take(decision, record)
        self.reporter.emit(TaskFinished(task, time.time(), cached=True, reason=self._hit_text(record)))

    def _hit_text(self, record: Record) -> str:
        if not self.options.explain:
            return ""
        from builder.solve.reasons.hits import hit_text

        return hit_text(record)

    def carry_out(self, state: StageState, decision: Decision, flights: Flights) -> None:
        """Runs the step of a miss, or takes over what another stage has just made under the same key."""
        task = self._announce(decision.step, state)
        try:
            record, was_ours = flights.once(decision.key, lambda: self._run(task, state, decision))
        except BaseException as error:
            canceled = flights.is_canceled
            message = "" if canceled else str(error).partition("\n")[0]
            reason = "" if canceled else decision.reason
            self.reporter.emit(TaskFinished(task, time.time(), reason=reason, error=message, canceled=canceled))
            raise
        decision = state.pending or decision  # looked up meanwhile if it was to run first
        if not was_ours:
            decision = decision._replace(key=record.key, record=record, causes=(), parts=record.parts)
        state.take(decision, record)
        reason = decision.reason
        self.reporter.emit(TaskFinished(task, time.time(), cached=not was_ours, reason=reason))

    def identity(self, step: Step, state: StageState) -> str:
        return f"{self.options.project}#{state.stage.full_title}#{step.number}"

    def _run(self, task: str, state: StageState, decision: Decision) -> Record:
        started = time.time()
        inputs = state.inputs(self.states)
        layer = self._run_logged(task, decision.step, inputs)
        now = time.time()
        if not decision.parts:
            decision = state.pending = self._look_up(decision.step, state, inputs)
            if decision.record is not None:
                return decision.record
        from builder.solve.reasons.notes import notes_of

        record = Record(
            key=decision.key,
            step=self.identity(decision.step, state),
            text=decision.step.text,
            layer=layer,
            parts=decision.parts,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            seconds=round(now - started, 3),
            build=self.options.build_id,
            notes=notes_of(decision.step, state, self.states, self.plan),
            claims=self.runner.believed(decision.step, inputs),
        )
        self.cache.keep(record)
        return record

    def _run_logged(self, task: str, step: Step, inputs: Inputs) -> Layer:
        return self.runner.run(step, inputs, lambda data: self.reporter.emit(TaskLog(task, time.time(), data)))

    def _announce(self, step: Step, state: StageState) -> str:
        task = f"{step.stage}.{step.number}"
        title = f"[{state.stage.full_title} {step.number}/{len(state.stage.steps)}] {step.text}"
        self.reporter.emit(TaskStarted(task, title, time.time(), state.stage.full_title))
        return task

    def cache_is_off(self, state: StageState) -> bool:
        """The stage's steps are not looked up."""
        return self.options.no_cache is None or state.stage.title in self.options.no_cache
