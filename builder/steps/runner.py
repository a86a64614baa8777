"""Carries steps out on this machine: the solver's `StepRunner`."""

from __future__ import annotations

from collections.abc import Callable

from builder.errors import BuilderError
from builder.model.layer import Layer
from builder.plan.types import CopyAction, Plan, RunAction, Step, WorkdirAction
from builder.solve.types import Inputs, Parts
from builder.steps.copy import Copies
from builder.steps.kitchen import Kitchen


class LocalStepRunner:
    """Safe to call from several threads, for different steps."""

    def __init__(self, plan: Plan, kitchen: Kitchen) -> None:
        self._kitchen = kitchen
        self._copies = Copies(plan, kitchen)

    def content_parts(self, step: Step, inputs: Inputs) -> Parts:
        if not isinstance(step.action, CopyAction):
            return {}
        try:
            return self._copies.content_parts(step.action, inputs)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def run(self, step: Step, inputs: Inputs, log: Callable[[bytes], None]) -> Layer:
        try:
            match step.action:
                case RunAction():
                    self._kitchen.worker().start()  # while we import what else a RUN needs
                    from builder.steps.run import run_process

                    return run_process(step, step.action, inputs.parent, self._kitchen, log)
                case CopyAction():
                    return self._copies.run(step.action, inputs)
                case WorkdirAction():
                    from builder.steps.workdir import run_workdir

                    return run_workdir(step.action, inputs.parent, self._kitchen)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def describe_content(self, name: str, old: object, new: object) -> str:
        return self._copies.describe(old, new) if name == "files" else ""

    def cancel(self) -> None:
        self._kitchen.worker().cancel_all()
