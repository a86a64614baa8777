"""What `--from` of COPY and `from` of a mount mean: a stage, a named context, an image, nothing or the main context."""

from __future__ import annotations

from builder.errors import BuildfileError, Span
from builder.plan.sources import source_outside
from builder.plan.stage_state import StageState
from builder.plan.types import Source, SourceKind


def find_origin(state: StageState, name: str, position: int | None, what: str, span: Span) -> Source:
    """Where files come from; `position` is the stage that `name` means, None for an image. `what` stands in errors:
    `COPY --from=NAME`."""
    if not name:
        return Source(SourceKind.CONTEXT)
    if position is None:
        shared = state.shared
        return source_outside(shared.graph.contexts, shared.images, name, shared.options.target_platform, span)
    if position >= state.declared.position:
        later = state.shared.graph.stages[position]
        raise BuildfileError(
            "stage-not-yet-defined",
            f"{what} means the stage of line {later.head.span.line}, which comes later in the file",
            hint="move that stage above this one; of several stages with one name the last counts",
            span=span,
        )
    return Source(SourceKind.STAGE, stage=position)
