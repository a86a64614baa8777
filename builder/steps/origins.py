"""Where COPY, ADD and mounts take files from, in this build: layers, or a build context."""

from __future__ import annotations

from builder.model.layer import Chain
from builder.plan.types import Plan, Source, SourceKind
from builder.solve.types import Inputs


def chain_of(source: Source, plan: Plan, inputs: Inputs) -> Chain | None:
    """The layers that hold the files; None is a build context."""
    match source.kind:
        case SourceKind.STAGE:
            return inputs.stages[source.stage]
        case SourceKind.IMAGE:
            return plan.images[source.image].layers
        case SourceKind.SCRATCH:
            return ()
        case SourceKind.CONTEXT:
            return None


def name_of(source: Source, plan: Plan) -> str:
    """As errors call it."""
    if source.kind is SourceKind.IMAGE:
        return plan.images[source.image].name
    if source.kind is SourceKind.CONTEXT:
        return f"the build context {source.context}" if source.context else "the build context"
    title = next((stage.title for stage in plan.stages if stage.position == source.stage), "scratch")
    return f"stage {title}"
