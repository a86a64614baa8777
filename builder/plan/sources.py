"""Where files come from under a name that a Buildfile writes: FROM, COPY --from, mounts."""

from __future__ import annotations

from builder.errors import Span
from builder.model.platform import Platform
from builder.plan.contexts import SCRATCH, Contexts
from builder.plan.images import Images
from builder.plan.types import Source, SourceKind


def source_outside(contexts: Contexts, images: Images, name: str, platform: Platform, span: Span) -> Source:
    """What `name` means where no stage has it: a named context, else an image. Raises what the resolver raises."""
    context = contexts.find(name, platform)
    if context and not context.image:
        return Source(SourceKind.CONTEXT, context=context.name)
    wanted = context.image if context else name
    if wanted == SCRATCH:
        return Source(SourceKind.SCRATCH)
    return Source(SourceKind.IMAGE, image=images.position(wanted, platform, span))
