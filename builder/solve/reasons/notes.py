"""What records keep so that later misses can be explained, beside the parts of their keys.

    below      key of the record that the step stood on, and its layer's diff id
    base       where there was none: name and digest of the base image (empty for scratch)
    arguments  which of the variables that the step saw were set by ARG
    variables  variables that expanding its words read, with their values
    mounts     target, `from` and `source` of each mount that shows files
    texts      name and content of short files that stand in the Buildfile

What is read back came from a disk or from another machine: it is looked at with suspicion.
"""

from __future__ import annotations

from collections.abc import Mapping

from builder.model.digest import is_hex
from builder.model.secret_names import sounds_secret
from builder.plan.types import CopyAction, Plan, RunAction, RunMount, Source, SourceKind, Step
from builder.solve.state import StageState
from builder.solve.types import Record

_LONGEST = 4096
"""Of a text that is kept: records stay small."""
_SHORTEST = 4
"""A value that is shorter would be found everywhere."""

States = Mapping[int, StageState]


def notes_of(step: Step, state: StageState, states: States, plan: Plan) -> dict[str, object]:
    """Of the step that `state` is about to take."""
    notes: dict[str, object] = {}
    below = last_record(state, states)
    if below is not None:
        notes["below"] = [below.key, str(below.layer.diff_id)]
    else:
        notes["base"] = list(base_of(state, states, plan))
    if step.arguments:
        notes["arguments"] = list(step.arguments)
    if step.variables:
        notes["variables"] = [list(pair) for pair in step.variables]
    if sources := mount_sources(step, plan):
        notes["mounts"] = sources
    if texts := inline_texts(step):
        notes["texts"] = texts
    return notes


def mount_sources(step: Step, plan: Plan) -> list[list[str]]:
    """Target, `from` and `source` as they might be written, of each mount that shows files."""
    mounts = step.action.mounts if isinstance(step.action, RunAction) else ()
    showing = (mount for mount in mounts if mount.source.kind is not SourceKind.SCRATCH or mount.path)
    return [[mount.target, _origin(mount.source, plan), _path(mount)] for mount in showing]


def inline_texts(step: Step) -> list[list[str]]:
    """Without the values of variables that sound like secrets."""
    files = step.action.inline if isinstance(step.action, CopyAction) else ()
    secrets = [(name, value) for name, value in step.variables if sounds_secret(name) and len(value) >= _SHORTEST]
    return [[file.name, _hide(file.content, secrets)] for file in files if len(file.content) <= _LONGEST]


def _hide(text: str, secrets: list[tuple[str, str]]) -> str:
    for name, value in secrets:
        text = text.replace(value, f"${name}")
    return text


def _path(mount: RunMount) -> str:
    return mount.path if mount.source.kind is SourceKind.CONTEXT and mount.path else f"/{mount.path}"


def _origin(source: Source, plan: Plan) -> str:
    if source.kind is SourceKind.STAGE:
        return next((stage.title for stage in plan.stages if stage.position == source.stage), "")
    return plan.images[source.image].name if source.kind is SourceKind.IMAGE else source.context


def last_record(state: StageState, states: States) -> Record | None:
    """What the stage stands on now; None where that is its base image alone."""
    while not state.records:
        if state.stage.base.kind is not SourceKind.STAGE:
            return None
        state = states[state.stage.base.stage]
    return state.records[-1]


def base_of(state: StageState, states: States, plan: Plan) -> tuple[str, str]:
    """Name and digest of the image that the stage goes back to; empty for scratch."""
    while state.stage.base.kind is SourceKind.STAGE:
        state = states[state.stage.base.stage]
    if state.stage.base.kind is not SourceKind.IMAGE:
        return "", ""
    image = plan.images[state.stage.base.image]
    return image.name, str(image.digest)


def read_pair(record: Record, name: str) -> tuple[str, str] | None:
    """`below` or `base`."""
    value = record.notes.get(name)
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value):
        return value[0], value[1]
    return None


def read_below(record: Record) -> tuple[str, str] | None:
    pair = read_pair(record, "below")
    return pair if pair and is_hex(pair[0]) else None


def read_arguments(record: Record) -> frozenset[str]:
    value = record.notes.get("arguments")
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()


def read_pairs(value: object) -> dict[str, str]:
    """Of `variables`, or of the part `env`."""
    pairs = value if isinstance(value, list | tuple) else ()
    return {str(pair[0]): str(pair[1]) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2}
