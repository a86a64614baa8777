"""Images of several platforms under one name: an image index (OCI image-spec, image-index.md)."""

from __future__ import annotations

from builder.images.stored import Image
from builder.lean import NamedTuple
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Chain
from builder.model.manifest import Index
from builder.store.store import Store


class ImageIndex(NamedTuple):
    descriptor: Descriptor
    """Of the index."""
    images: tuple[Image, ...]
    """One for each platform, in the order that was asked for; the descriptors say the platform."""

    @property
    def id(self) -> Digest:
        """What stands for an id: each platform has a config of its own, the index is what they have in common."""
        return self.descriptor.digest

    @property
    def layers(self) -> Chain:
        """Of all platforms, each once."""
        return tuple(dict.fromkeys(layer for image in self.images for layer in image.layers))

    @property
    def size_bytes(self) -> int:
        """Of all layer blobs."""
        return sum({layer.descriptor.digest: layer.descriptor.size for layer in self.layers}.values())


Built = Image | ImageIndex
"""What a build makes: one image, or an index where several platforms were asked for."""


def images_of(built: Built) -> tuple[Image, ...]:
    return built.images if isinstance(built, ImageIndex) else (built,)


def assemble_index(
    store: Store, images: tuple[Image, ...], annotations: tuple[tuple[str, str], ...] = ()
) -> ImageIndex:
    """Afterwards the index is in the store. Its media type is of the family of its manifests."""
    docker = any(image.manifest.media_type == media_types.DOCKER_MANIFEST for image in images)
    media_type = media_types.DOCKER_INDEX if docker else media_types.OCI_INDEX
    placed = tuple(_placed(image) for image in images)
    index = Index(tuple(image.descriptor for image in placed), annotations, media_type)
    return ImageIndex(store.blobs.put_bytes(canonical(index.to_json()), media_type), placed)


def _placed(image: Image) -> Image:
    platform = image.descriptor.platform or image.config.platform
    return image._replace(descriptor=image.descriptor._replace(platform=platform))
