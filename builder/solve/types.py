"""The contract of the solver: what it knows of steps, of caches, and what it decides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from builder.lean import NamedTuple, Protocol
from builder.model.digest import Digest
from builder.model.layer import Chain, Claim, Layer
from builder.plan.types import Step

KEY_FORMAT = 2
"""Part of every key. Raise it when the meaning of a part or the bytes that a step makes from the same parts change."""

Parts = Mapping[str, object]
"""Named parts of a key; the values are JSON."""


class Inputs(NamedTuple):
    """What a step builds on. Plain values and digests, so that a step can run elsewhere."""

    parent: Chain
    stages: Mapping[int, Chain]
    """The results of the stages that the step reads, by position."""


class Record(NamedTuple):
    """One step that ran, remembered under its key."""

    key: str
    """SHA-256 of the canonical JSON of `parts`, in hex."""
    step: str
    """Which step of which file and stage this is, apart from its content: the nearest earlier record of the same step
    explains a miss."""
    text: str
    """The instruction as people recognise it."""
    layer: Layer
    parts: Parts
    created: str
    """When it ran, RFC 3339 in UTC with whole seconds."""
    seconds: float
    """How long it ran."""
    build: str
    """Id of the build that ran it."""
    notes: Mapping[str, object] = {}
    """What explanations need beside the parts: see `solve/reasons/notes.py`."""
    claims: tuple[Claim, ...] = ()
    """What the step believed of the layers below it. The record counts only where they are known to be true, or are
    believed again."""
    origin: str = ""
    """Which cache it was found in, if that is not this machine's; not part of what is kept."""


class Cause(NamedTuple):
    """One thing that made a step miss the cache."""

    kind: str
    """See `reasons.py`."""
    text: str
    """In words: `ARG VERSION: 1.2 -> 1.3`."""
    about: str = ""
    """What it is about, for programs: a variable's name, an earlier step's id."""


class Decision(NamedTuple):
    step: Step
    key: str
    record: Record | None
    """A hit's record; None is a miss."""
    causes: tuple[Cause, ...]
    """Of a miss: what differs from the nearest earlier record, or why there is none."""
    parts: Parts
    """What the key is the hash of. None of a step that runs before it is looked up; its key is without content."""
    nearest: Record | None = None
    """The earlier record that a miss was compared with."""

    @property
    def reason(self) -> str:
        """A miss in one line. Empty for a hit."""
        return "; ".join(cause.text for cause in self.causes)

    def to_json(self) -> dict[str, object]:
        """For scripts; of a hit also what it was taken from."""
        record = self.record
        members = ("key", "build", "created", "seconds", "origin")
        return {
            "step": self.step.text,
            "cached": record is not None,
            "reason": self.reason,
            "causes": [cause._asdict() for cause in self.causes],
            "source": {name: getattr(record, name) for name in members} if record else None,
        }


class PastStep(NamedTuple):
    """A step of an earlier build."""

    build: str
    platform: str
    stage: str
    """The stage's title, without a platform."""
    text: str
    key: str
    is_finished: bool
    """False: it failed, or was stopped, so no record was made under its key."""


class Past(Protocol):
    """What is known of earlier builds of a Buildfile, here or elsewhere. Safe between threads."""

    def builds(self) -> Sequence[Sequence[PastStep]]:
        """The steps of the last builds that had a key, in the order of the plan; newest build first."""

    def alike(self, texts: Collection[str]) -> Sequence[PastStep]:
        """The steps of the newest build of another Buildfile that seems to be this one in another place: it has most of
        these instructions. Empty where there is none."""

    def recall(self, key: str) -> Record | None:
        """The record kept for `key`, whether its layer is still there or not."""

    def removed(self, key: str) -> Record | None:
        """What is left of a record that was removed: its words, its layer's digests, and what it stood on."""

    def pruned(self, key: str) -> str:
        """When and why the record of `key` was removed: `2026-11-24 (pybuild prune)`; empty if it was not."""


class StepRunner(Protocol):
    """What the solver knows of the world. Safe to call from several threads, for different steps."""

    def content_parts(self, step: Step, inputs: Inputs) -> Parts:
        """What only files can tell: digests of the content that the step reads. Changes nothing."""

    def is_new(self, step: Step) -> bool:
        """Whether the step reads much that was never read on this machine, so that none of its records can be of it."""

    def prepare(self, steps: Sequence[Step]) -> None:
        """Called once before anything runs, with the steps that may have to. Raises where this machine never can."""

    def run(self, step: Step, inputs: Inputs, log: Callable[[bytes], None]) -> Layer:
        """Carries the step out. Afterwards the layer's blob is in the store. `log` takes the output of the process as
        it comes. Raises StepError with the exit code when the process fails."""

    def believed(self, step: Step, inputs: Inputs) -> tuple[Claim, ...]:
        """What `run` took at somebody's word of the layers that the step stands on."""

    def believes(self, claims: tuple[Claim, ...], inputs: Inputs) -> bool:
        """Whether that still holds for a step on these inputs: it is known to be true, or is said again."""

    def describe_content(self, step: Step, name: str, old: object, new: object) -> str:
        """What differs between two values of a content part of `step`, e.g. `1 file changed: src/app.py (content)`;
        empty where that is not known any more."""

    def describe_layers(self, old: Digest, new: Digest) -> str:
        """Which files differ between two layers, by diff id, e.g. `/usr/lib/x (content)`; empty where that is not known
        any more, or costs too much."""

    def cancel(self) -> None:
        """Stops whatever runs; its `run` raises soon. Safe to call at any time."""


class CacheBackend(Protocol):
    """Remembers which layer a key produced. Safe to share between threads and between processes."""

    def find(self, key: str) -> Record | None:
        """The record kept for `key`. A damaged record, or one whose layer is gone, counts as absent."""

    def keep(self, record: Record) -> None:
        """Afterwards `find(record.key)` returns it; in other processes, and after a crash, within a moment. Repeating
        is harmless."""

    def nearest(self, step: str) -> Record | None:
        """The newest record of the same step, whatever its key."""


class StageResult(NamedTuple):
    layers: Chain
    created: tuple[str, ...]
    """When each layer that the stage (and the stages it inherits from) added was made, in order; RFC 3339."""


class Solution(NamedTuple):
    results: Mapping[int, StageResult]
    """By stage index."""
    decisions: tuple[Decision, ...]
    """In plan order."""
    records: tuple[Record, ...]
    """Of each decision's step: the one that was hit, or the one that running it made."""
