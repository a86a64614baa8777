"""What is kept of one build."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from builder.lean import NamedTuple
from builder.solve.types import Cause


class Outcome(StrEnum):
    BUILT = "built"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    KILLED = "killed"
    """Its process is gone and has written no end."""


class StepOutcome(StrEnum):
    CACHED = "cached"
    RAN = "ran"
    SHARED = "shared"
    """Another stage, or another platform, ran the same step at the same time: its result was taken over."""
    FAILED = "failed"
    CANCELED = "canceled"
    """It was stopped because another step failed, or the user interrupted."""
    NOT_REACHED = "not reached"


class Source(NamedTuple):
    """The record that a cached step was taken from."""

    build: str
    """Id of the build that ran the step."""
    created: str
    """When, RFC 3339 in UTC."""
    seconds: float
    """How long it ran then: what the hit saved."""
    place: str = ""
    """The cache that it was found in; empty: this machine's."""


class StepRow(NamedTuple):
    id: str
    """`STAGE.NUMBER` by the stage's position, as in events: `0.2`."""
    stage: str
    """The stage's title, as shown: `build`, `stage-1`, `linux/arm64 build`."""
    number: int
    """From 1 within the stage."""
    text: str
    """The instruction, expanded, on one line."""
    line: int
    end_line: int
    after: tuple[str, ...]
    """Ids of the steps whose results it stands on or reads."""
    outcome: StepOutcome
    started: float = 0.0
    """Seconds since the build's start."""
    seconds: float = 0.0
    key: str = ""
    """SHA-256 of the key parts; empty where the step was not reached."""
    causes: tuple[Cause, ...] = ()
    """Why it was not cached."""
    compared: str = ""
    """Id of the build whose record of this step it was compared with."""
    source: Source | None = None
    diff_id: str = ""
    """Of the layer."""
    digest: str = ""
    """Of the layer's blob."""
    size: int = 0
    """Bytes of the blob."""
    log_bytes: int = 0
    """How much its commands wrote; the log is there where it is not 0."""
    error: str = ""

    @property
    def reason(self) -> str:
        return "; ".join(cause.text for cause in self.causes)


class StageRow(NamedTuple):
    position: int
    title: str
    base: str
    """`FROM` as understood: an image's name, another stage's title, `scratch`."""
    base_digest: str = ""
    """Of an image's manifest."""
    after: tuple[str, ...] = ()
    """The id of the last step of the stage that it starts from."""
    platform: str = ""
    is_target: bool = False


class TaskRow(NamedTuple):
    """What took time besides steps: a base that is fetched, an output that is written."""

    title: str
    started: float
    seconds: float


class BuildRecord(NamedTuple):
    id: str
    """12 hex digits."""
    file: str
    """Absolute path of the Buildfile, or what stands for it."""
    context: str
    target: str
    """As asked for; empty is the last stage."""
    platforms: tuple[str, ...]
    options: Mapping[str, object]
    """What else was asked for, by the names of `BuildOptions`; those with their default are left out."""
    started: float
    """Seconds since 1970."""
    seconds: float
    outcome: Outcome
    error: str = ""
    """The first line of it."""
    error_code: str = ""
    image_id: str = ""
    digest: str = ""
    """Of the manifest, or of the index of several platforms."""
    names: tuple[str, ...] = ()
    size: int = 0
    """Bytes of all layer blobs of the image."""
    stages: tuple[StageRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()

    @property
    def cached(self) -> int:
        return sum(step.outcome in (StepOutcome.CACHED, StepOutcome.SHARED) for step in self.steps)

    def step(self, identifier: str) -> StepRow | None:
        return next((step for step in self.steps if step.id == identifier), None)


def waited(record: BuildRecord, step: StepRow) -> float:
    """Seconds between the end of what the step needed and its own start."""
    ends = [other.started + other.seconds for other in record.steps if other.id in step.after]
    return max(step.started - max(ends, default=0.0), 0.0)
