"""type=image: the image in the store, under its names; with push=true also in their registries."""

from __future__ import annotations

from builder.lean import TYPE_CHECKING
from builder.outputs.types import Means, OutputSpec

if TYPE_CHECKING:
    from builder.images.index import Built


class StoreOutput:
    """What stands in the store's index is whole, so layers that are still elsewhere come first."""

    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._names = () if spec.by_digest else spec.names
        self._means = means

    def write(self, image: Built) -> None:
        store = self._means.store
        if not all(store.blobs.has(layer.descriptor.digest, layer.descriptor.size) for layer in image.layers):
            from builder.images.fetch import ensure_blobs

            ensure_blobs(store, image.layers, self._means.open_source)
        refs = store.refs
        for name in self._names:
            refs.set(name, image.descriptor)
        if not self._names:
            refs.keep(image.descriptor)
        if self._spec.push:
            from builder.outputs.registry import RegistryOutput

            RegistryOutput(self._spec, self._means).write(image)
