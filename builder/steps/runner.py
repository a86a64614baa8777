"""Carries steps out on this machine: the solver's `StepRunner`."""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from builder.errors import BuilderError
from builder.lean import TYPE_CHECKING
from builder.model.digest import Digest
from builder.model.layer import Claim, Layer
from builder.model.platform import Platform
from builder.plan.types import CopyAction, Plan, RunAction, SourceKind, Stage, Step, WorkdirAction
from builder.solve.types import Inputs, Parts
from builder.steps.copy import Copies
from builder.steps.kitchen import Kitchen

if TYPE_CHECKING:
    from builder.model.layer import Chain
    from builder.sandbox.spec import ExitStatus
    from builder.steps.failed import Failed
    from builder.steps.mount_content import MountContents
    from builder.steps.mounts import Given, Mounts
    from builder.steps.shell import Scene


class LocalStepRunner:
    """Safe to call from several threads, for different steps."""

    def __init__(self, plan: Plan, kitchen: Kitchen) -> None:
        self._kitchen = kitchen
        self._plan = plan
        self._copies = Copies(plan, kitchen)
        self._made_mounts: tuple[MountContents, Mounts] | None = None
        self._making = allocate_lock()

    def content_parts(self, step: Step, inputs: Inputs) -> Parts:
        try:
            if isinstance(step.action, RunAction) and step.action.mounts:
                return self._mounts()[0].parts(step.action, inputs)
            if not isinstance(step.action, CopyAction):
                return {}
            return self._copies.content_parts(step.action, inputs)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def is_new(self, step: Step) -> bool:
        try:
            return isinstance(step.action, CopyAction) and self._copies.is_new(step.action)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def prepare(self, steps: Sequence[Step]) -> None:
        """A RUN for another architecture needs an emulator, and some need devices: better told before anything has
        run."""
        self._check_devices(steps)
        stages = {stage.position: stage for stage in self._plan.stages}
        for step in steps:
            platform = self._programs_of(stages[step.stage], stages) if isinstance(step.action, RunAction) else None
            if platform and platform[:3] != self._kitchen.host[:3]:
                from builder.sandbox.emulation import check_emulated

                try:
                    check_emulated(platform, self._kitchen.host)
                except BuilderError as error:
                    raise error.at(step.span) from error.__cause__

    def _check_devices(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step.action, RunAction) and step.action.devices:
                from builder.steps.devices import devices_for

                try:
                    devices_for(step.action)
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

                    with self._given(step.action, inputs) as given:
                        return run_process(step, step.action, inputs.parent, self._kitchen, log, given)
                case CopyAction():
                    return self._copies.run(step.action, inputs)
                case WorkdirAction():
                    from builder.steps.workdir import run_workdir

                    return run_workdir(step.action, inputs.parent, self._kitchen)
        except BuilderError as error:
            raise error.at(step.span) from error.__cause__

    def believed(self, step: Step, inputs: Inputs) -> tuple[Claim, ...]:
        """RUN has had the layers themselves, and an independent layer stands on none."""
        if isinstance(step.action, RunAction) or (isinstance(step.action, CopyAction) and step.action.link):
            return ()
        return self._kitchen.claims.believed(inputs.parent)

    def believes(self, claims: tuple[Claim, ...], inputs: Inputs) -> bool:
        return self._kitchen.claims.believes(claims, inputs.parent)

    def describe_content(self, step: Step, name: str, old: object, new: object) -> str:
        match step.action:
            case RunAction() if name.startswith("mount:"):
                return self._mounts()[0].describe(step.action, name, old, new)
            case CopyAction() if name in ("files", "remote"):
                return self._copies.describe(step.action, name, old, new)
        return ""

    def describe_layers(self, old: Digest, new: Digest) -> str:
        from builder.steps.layer_changes import describe_layers

        return describe_layers(self._kitchen.store, old, new)

    def _mounts(self) -> tuple[MountContents, Mounts]:
        """What few builds need, made when it is first asked for."""
        from builder.steps.mount_content import MountContents
        from builder.steps.mounts import Mounts

        with self._making:
            if self._made_mounts is None:
                contents = MountContents(self._plan, self._kitchen)
                self._made_mounts = contents, Mounts(self._kitchen, contents)
            return self._made_mounts

    @contextmanager
    def _given(self, action: RunAction, inputs: Inputs) -> Iterator[Given | None]:
        """What the action's mounts give its process, for as long as the block; None without mounts."""
        if not action.mounts:
            yield None
            return
        with self._mounts()[1].given(action, inputs) as given:
            yield given

    def cancel(self) -> None:
        if self._made_mounts:
            self._made_mounts[1].cancel()
        self._kitchen.stop_fetching()
        self._kitchen.worker().cancel_all()

    def last_failures(self) -> tuple[Failed, ...]:
        """What the RUNs had written that failed in the last build of this Buildfile, the first first; none where a
        build has succeeded since."""
        from builder.steps.failed import find_failed

        return find_failed(self._kitchen)

    def forget_failure(self) -> None:
        """Called when a build has succeeded."""
        if os.path.lexists(self._kitchen.failed):
            from builder.steps.failed import remove_failed

            remove_failed(self._kitchen)

    def shell(self, scene: Scene, action: RunAction, inputs: Inputs, streams: Sequence[int]) -> ExitStatus:
        """See `steps.shell.run_shell`; the action's mounts are there as in a build."""
        from builder.steps.shell import run_shell

        with self._given(action, inputs) as given:
            return run_shell(scene, action, self._kitchen, streams, given)

    def capture(self, scene: Scene) -> Chain:
        """See `steps.shell.capture_scene`."""
        from builder.steps.shell import capture_scene

        return capture_scene(scene, self._kitchen)
