"""Plans of one Buildfile for several platforms as one plan, so that one solve builds them side by side.

Stages that do not depend on the platform (`FROM --platform=$BUILDPLATFORM` and what follows from it) are the same
value in every plan: they are taken over once.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.errors import BuildfileError
from builder.model.config import ResolvedImage
from builder.model.platform import Platform
from builder.plan.types import Action, CopyAction, Plan, RunAction, Source, SourceKind, Stage, Step


def combine(plans: Sequence[Plan], platforms: Sequence[Platform]) -> Plan:
    """One plan with a target for each of `platforms`; remarks are the first one's, since the others repeat them.
    Raises BuildfileError when their SOURCE_DATE_EPOCH differ: an image index has one."""
    if len({plan.epoch for plan in plans}) > 1:
        raise BuildfileError(
            "epoch-by-platform",
            "SOURCE_DATE_EPOCH depends on the platform",
            hint="give its ARG a default without platform arguments, or pass --build-arg SOURCE_DATE_EPOCH",
        )
    merging = _Merging()
    targets = tuple(merging.add(plan, str(platform)) for plan, platform in zip(plans, platforms, strict=True))
    return Plan(
        stages=tuple(merging.stages),
        images=tuple(image for image, _ in merging.images),
        image_platforms=tuple(platform for _, platform in merging.images),
        warnings=plans[0].warnings,
        epoch=plans[0].epoch,
        targets=targets,
    )


class _Merging:
    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.images: list[tuple[ResolvedImage, Platform]] = []

    def add(self, plan: Plan, label: str) -> int:
        """Takes the stages over; returns where the plan's target stands."""
        images = [self._image(*pair) for pair in zip(plan.images, plan.image_platforms, strict=True)]
        places: dict[int, int] = {}
        for stage in plan.stages:
            moved = _Moved(places, images, len(self.stages)).stage(stage, label)
            places[stage.position] = self._known(moved)
            if places[stage.position] == len(self.stages):
                self.stages.append(moved)
        return places[plan.target.position]

    def _image(self, image: ResolvedImage, platform: Platform) -> int:
        if (image, platform) not in self.images:
            self.images.append((image, platform))
        return self.images.index((image, platform))

    def _known(self, stage: Stage) -> int:
        """Where an equal stage stands, or the next free place."""
        own = _without_place(stage)
        for place, other in enumerate(self.stages):
            if other.title == stage.title and _without_place(other) == own:
                return place
        return len(self.stages)


class _Moved:
    """Rewrites the numbers of stages and images."""

    def __init__(self, places: dict[int, int], images: list[int], position: int) -> None:
        self._places = places
        self._images = images
        self._position = position

    def stage(self, stage: Stage, label: str) -> Stage:
        return stage._replace(
            position=self._position,
            offset=self._position - stage.position,
            label=label,
            base=self._source(stage.base),
            steps=tuple(self._step(step) for step in stage.steps),
        )

    def _step(self, step: Step) -> Step:
        reads = tuple(self._places[position] for position in step.reads)
        return step._replace(stage=self._position, reads=reads, action=self._action(step.action))

    def _action(self, action: Action) -> Action:
        match action:
            case CopyAction():
                return action._replace(source=self._source(action.source))
            case RunAction():
                mounts = tuple(mount._replace(source=self._source(mount.source)) for mount in action.mounts)
                return action._replace(mounts=mounts)
        return action

    def _source(self, source: Source) -> Source:
        if source.kind is SourceKind.STAGE:
            return source._replace(stage=self._places[source.stage])
        return source._replace(image=self._images[source.image]) if source.kind is SourceKind.IMAGE else source


def _without_place(stage: Stage) -> Stage:
    steps = tuple(step._replace(stage=0) for step in stage.steps)
    return stage._replace(position=0, offset=0, label="", steps=steps)
