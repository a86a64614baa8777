"""`pybuild build --dry-run`: which steps would hit and which would run, as far as that is known without running any.

The plan is made and the cache is looked at as in a build; what is not here is fetched only where a decision needs it.
Behind a step that would run, the files that the next one stands on are not known. It runs for certain where the
instruction, its variables or its files are other than in every earlier build; else it depends, which is said.
"""

from __future__ import annotations

from enum import StrEnum

from builder.cache.ledger import Ledger
from builder.errors import BuilderError
from builder.lean import NamedTuple
from builder.pipeline.build import BuildOptions, Workshop, past_of, plan_build, uncached
from builder.plan.types import Plan, SourceKind, Step
from builder.solve.keys import key_parts
from builder.solve.reasons.causes import builds_to_compare, disabled
from builder.solve.reasons.nearest import earlier_runs
from builder.solve.reasons.notes import mount_sources
from builder.solve.reasons.own import Compared, own_causes
from builder.solve.solver import SolveOptions, Solver
from builder.solve.state import StageState
from builder.solve.types import Cause, Inputs, Past, Record


class Outlook(StrEnum):
    CACHED = "cached"
    RUNS = "runs"
    DEPENDS = "depends"


class Foreseen(NamedTuple):
    stage: str
    number: int
    total: int
    text: str
    line: int
    outlook: Outlook
    reason: str = ""
    """Why it runs, or on what it depends."""
    record: Record | None = None
    """What it is cached from, or was compared with."""
    key: str = ""
    """SHA-256 of the key parts; empty where they are not known yet."""


class Forecast(NamedTuple):
    file: str
    """Absolute path of the Buildfile, or what stands for it."""
    plan: Plan
    rows: tuple[Foreseen, ...]
    """One for each step, in the order of the plan."""


def foresee_build(options: BuildOptions, shop: Workshop) -> Forecast:
    """Runs nothing, and leaves no record."""
    text = shop.buildfile()
    plan = plan_build(options, text, shop._replace(foresee=lambda _: None))
    ledger = Ledger.load(shop.store.place("builds", text.path), shop.store)
    uncached_stages = uncached(options, plan, shop.reporter)
    how = SolveOptions("", text.path, no_cache=uncached_stages, epoch=plan.epoch)
    runner, cache = shop.runner(plan, text.path), shop.cache(ledger, plan)
    solver = Solver(plan, runner, cache, shop.reporter, how, past_of(shop, text.path))
    solver.look_up()
    past = solver.past()
    outlooks = [_Outlooks(solver, past, solver.states[stage.position]) for stage in plan.stages]
    return Forecast(text.path, plan, tuple(row for outlook in outlooks for row in outlook.rows()))


class _Outlooks:
    """Of one stage."""

    def __init__(self, solver: Solver, past: Past, state: StageState) -> None:
        self._solver = solver
        self._state = state
        self._past = past
        self._builds = builds_to_compare(past, solver.plan)

    def rows(self) -> list[Foreseen]:
        return [self._row(step) for step in self._state.stage.steps]

    def _row(self, step: Step) -> Foreseen:
        state = self._state
        row = Foreseen(
            state.stage.full_title, step.number, len(state.stage.steps), step.text, step.span.line, Outlook.RUNS
        )
        if step.number <= state.taken:
            decision = state.decisions[step.number - 1]
            return row._replace(outlook=Outlook.CACHED, record=decision.record, key=decision.key)
        if step.number == state.taken + 1 and state.pending is not None:
            pending = state.pending
            return row._replace(reason=pending.reason, record=pending.nearest, key=pending.key)
        causes, record = self._own(step)
        if self._solver.cache_is_off(state):
            causes = [disabled(state.stage.title, self._solver.options.no_cache is None)]
        if causes:
            return row._replace(reason="; ".join(cause.text for cause in causes), record=record)
        return row._replace(outlook=Outlook.DEPENDS, reason=self._what_it_waits_for(step), record=record)

    def _own(self, step: Step) -> tuple[list[Cause], Record | None]:
        """What differs from every earlier run of the step, whatever it will stand on; nothing where not known."""
        if step.reads:
            return [], None
        past, solver = self._past, self._solver
        try:
            content = solver.runner.content_parts(step, Inputs((), {}))
        except BuilderError:
            return [], None
        parts = key_parts(step, self._state.stage.platform, (), content, solver.options.epoch)
        first: tuple[list[Cause], Record | None] = ([], None)
        for run in earlier_runs(self._state.stage, step.number, self._builds, every=True).candidates:
            record = past.recall(run.key) if run.is_finished else None
            if record is None:
                return [], None
            sources = mount_sources(step, solver.plan)
            causes = own_causes(Compared(step, parts, record, solver.runner.describe_content, sources))
            if not causes:
                return [], record
            first = first if first[0] else (causes, record)
        return first

    def _what_it_waits_for(self, step: Step) -> str:
        unfinished = [
            self._solver.states[position].stage for position in step.reads if not self._solver.states[position].is_done
        ]
        if step.number > self._state.taken + 1:
            return f"on the files that step {self._state.taken + 1} makes"
        base = self._state.stage.base
        if not self._state.started and base.kind is SourceKind.STAGE:
            unfinished.insert(0, self._solver.states[base.stage].stage)
        return f"on the files that stage {' and '.join(stage.full_title for stage in unfinished)} makes"
