"""Named contexts: what `--build-context` puts in the place of stages and images."""

from __future__ import annotations

from builder.errors import BuilderError
from builder.model.platform import Platform
from builder.model.reference import familiar_name
from builder.plan.types import NamedContext, PlanOptions

SCRATCH = "scratch"
RESERVED = (SCRATCH, "context")
"""What these mean cannot be changed."""


class Contexts:
    def __init__(self, options: PlanOptions) -> None:
        self._given = {context.name: context for context in options.contexts}
        self._platform = options.target_platform

    def find(self, name: str, platform: Platform | None) -> NamedContext | None:
        """What is given in the place of the stage or image `name`: for `platform` (None: the target's) first, then for
        any. `debian`, `debian:latest` and `docker.io/library/debian` are one name."""
        if not self._given or name.lower() in RESERVED:
            return None
        try:
            key = familiar_name(name)
        except BuilderError:
            return None  # it means no image: so it is no name that could have been given
        return self._given.get(f"{key}::{platform or self._platform}") or self._given.get(key)

    def image(self, name: str, platform: Platform | None) -> str:
        """What the resolver is asked for where `name` means no stage; empty where that is no image."""
        context = self.find(name, platform)
        wanted = context.image if context else name
        return "" if wanted == SCRATCH else wanted
