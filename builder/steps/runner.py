"""Carries steps out on this machine: the solver's `StepRunner`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from builder.errors import BuilderError
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.plan.types import CopyAction, Plan, RunAction, SourceKind, Stage, Step, WorkdirAction
from builder.solve.types import Inputs, Parts
from builder.steps.copy import Copies
from builder.steps.kitchen import Kitchen


class LocalStepRunner:
    """Safe to call from several threads, for different steps."""

    def __init__(self, plan: Plan, kitchen: Kitchen) -> None:
        self._kitchen = kitchen
        self._plan = plan
        self._copies = Copies(plan, kitchen)

    def content_parts(self, step: Step, inputs: Inputs) -> Parts:
        if not isinstance(step.action, CopyAction):
            return {}
        try:
            return self._copies.content_parts(step.action, inputs)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def prepare(self, steps: Sequence[Step]) -> None:
        """A RUN for another architecture needs an emulator: better told before anything has run."""
        stages = {stage.position: stage for stage in self._plan.stages}
        for step in steps:
            platform = self._programs_of(stages[step.stage], stages) if isinstance(step.action, RunAction) else None
            if platform and platform[:3] != self._kitchen.host[:3]:
                from builder.sandbox.emulation import check_emulated

                try:
                    check_emulated(platform, self._kitchen.host)
                except BuilderError as error:
                    raise error.at(step.span) from error.__cause__

    def _programs_of(self, stage: Stage, stages: Mapping[int, Stage]) -> Platform | None:
        """What the programs of a stage are made for: what its base image says of itself, whatever was asked for. None
        on scratch: what is copied there may be for any machine."""
        while stage.base.kind is SourceKind.STAGE:
            stage = stages[stage.base.stage]
        if stage.base.kind is not SourceKind.IMAGE:
            return None
        image = self._plan.images[stage.base.image]
        known = image.layers and image.config.platform.architecture
        return image.config.platform.normalized() if known else None

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
