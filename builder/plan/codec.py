"""Plans on disk, so that a rebuild that changes nothing needs neither the parser nor the planner.

`from_json(to_json(plan)) == plan`, through JSON text too. Members that have their default are left out; a change of
any type in the plan must raise `FORMAT`.
"""

from __future__ import annotations

from collections.abc import Callable

from builder.errors import BuilderError, Span, StoreError
from builder.lean import TYPE_CHECKING, cast
from builder.model.config import Healthcheck, History, ImageConfig, ResolvedImage, RunConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.plan.types import (
    CopyAction,
    Device,
    InlineFile,
    Plan,
    Remark,
    RemoteSource,
    RunAction,
    RunMount,
    Source,
    SourceKind,
    Stage,
    Step,
    Ulimit,
    WorkdirAction,
)

if TYPE_CHECKING:
    from typing import Any

    Decode = Callable[[Any], Any]

FORMAT = 2

_ACTION_NAMES: dict[type, str] = {RunAction: "run", CopyAction: "copy", WorkdirAction: "workdir"}


def to_json(plan: Plan) -> dict[str, object]:
    """Plain JSON values only."""
    return {"format": FORMAT, "plan": _encode(plan)}


def from_json(value: object) -> Plan:
    """Raises StoreError `bad-plan` for another format and for anything that is not a plan."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise StoreError("bad-plan", "a kept plan is of another format")
    try:
        return cast("Plan", _plan(value["plan"]))
    except (TypeError, ValueError, KeyError, AttributeError, BuilderError) as error:
        raise StoreError("bad-plan", f"a kept plan is damaged: {error}") from error


def _encode(value: object) -> object:
    """Records become objects, tuples become lists; what is JSON already stays (unknown members of a config)."""
    if not isinstance(value, tuple):
        return value
    if not hasattr(value, "_fields"):
        return [_encode(item) for item in value]
    return _encode_record(value)


def _encode_record(value: Any) -> dict[str, object]:
    defaults = value._field_defaults
    fields = zip(value._fields, value, strict=True)
    members = {name: _encode(item) for name, item in fields if name not in defaults or item != defaults[name]}
    kind = _ACTION_NAMES.get(type(value))
    return members if kind is None else {"kind": kind, **members}


def _record(cls: Callable[..., Any], **decoders: Decode) -> Decode:
    """Reads an object into `cls`; members without a decoder are taken as they are."""

    def decode(value: Any) -> Any:
        return cls(**{name: decoders[name](item) if name in decoders else item for name, item in value.items()})

    return decode


def _several(decode: Decode) -> Decode:
    return lambda value: tuple([decode(item) for item in value])


def _optional(decode: Decode) -> Decode:
    return lambda value: None if value is None else decode(value)


def _action(value: Any) -> Any:
    members = dict(value)
    return _READ_ACTION[members.pop("kind")](members)


_pairs = _several(tuple)
_span = _record(Span)
_platform = _record(Platform)
_history = _several(_record(History))
_run_config = _record(
    RunConfig,
    exposed_ports=tuple, env=tuple, entrypoint=_optional(tuple), cmd=_optional(tuple), volumes=tuple, labels=_pairs,
    shell=_optional(tuple), healthcheck=_optional(_record(Healthcheck, test=tuple)), on_build=tuple, extra=_pairs,
)  # fmt: skip
_config = _record(
    ImageConfig, platform=_platform, config=_run_config, diff_ids=_several(Digest.parse), history=_history, extra=_pairs
)
_descriptor = _record(Descriptor, digest=Digest.parse, platform=_optional(_platform), annotations=_pairs)
_image = _record(
    ResolvedImage,
    digest=Digest.parse,
    config=_config,
    layers=_several(_record(Layer, diff_id=Digest.parse, descriptor=_descriptor)),
)
_source = _record(Source, kind=SourceKind)
_inline = _several(_record(InlineFile))
_remotes = _several(_record(RemoteSource))
_READ_ACTION: dict[str, Decode] = {
    "run": _record(
        RunAction,
        argv=tuple,
        env=_pairs,
        scripts=_inline,
        proxies=_pairs,
        mounts=_several(_record(RunMount, source=_source)),
        devices=_several(_record(Device)),
        extra_hosts=_pairs,
        ulimits=_several(_record(Ulimit)),
    ),
    "copy": _record(CopyAction, source=_source, paths=tuple, inline=_inline, exclude=tuple, remotes=_remotes),
    "workdir": _record(WorkdirAction),
}
_step = _record(Step, span=_span, action=_action, reads=tuple, arguments=tuple, variables=_pairs)
_stage = _record(
    Stage, base=_source, platform=_platform, steps=_several(_step), config=_config, history=_history, span=_span
)
_plan = _record(
    Plan,
    stages=_several(_stage),
    images=_several(_image),
    image_platforms=_several(_platform),
    warnings=_several(_record(Remark, span=_span)),
    targets=tuple,
    epoch_from=_optional(_record(RemoteSource)),
)
