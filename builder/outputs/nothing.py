"""type=cacheonly: the steps are built and recorded, and no image is named."""

from __future__ import annotations

from builder.images.index import Built
from builder.outputs.types import Means, OutputSpec


class NoOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        """As every output is made; neither is needed."""

    def write(self, image: Built) -> None:
        """Nothing is written: the cache has its records already."""
