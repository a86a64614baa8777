"""The images that a plan stands on, each asked for once."""

from __future__ import annotations

from builder.errors import BuilderError, Span
from builder.model.config import ResolvedImage
from builder.model.platform import Platform
from builder.plan.types import ImageResolver


class Images:
    def __init__(self, resolver: ImageResolver) -> None:
        self.resolved: list[ResolvedImage] = []
        self.platforms: list[Platform] = []
        self._resolver = resolver
        self._positions: dict[tuple[str, Platform], int] = {}

    def position(self, name: str, platform: Platform, span: Span) -> int:
        """Where `name` for `platform` stands in `resolved`. Errors get the place that needs it."""
        asked = (name, platform)
        if asked not in self._positions:
            try:
                image = self._resolver.resolve(name, platform)
            except BuilderError as error:
                error.at(span)
                raise
            self._positions[asked] = len(self.resolved)
            self.resolved.append(image)
            self.platforms.append(platform)
        return self._positions[asked]
