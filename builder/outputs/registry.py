"""type=registry: the image in the registries of its names, and not in the store. Layers of the base that no step has
read go there from where they are, or are mounted: they are never here."""

from __future__ import annotations

from builder.images.push import push_built
from builder.lean import TYPE_CHECKING
from builder.outputs.types import Means, OutputSpec

if TYPE_CHECKING:
    from builder.images.index import Built


class RegistryOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._means = means

    def write(self, image: Built) -> None:
        push_built(self._means.route(), image, self._spec.names, by_digest=self._spec.by_digest)
