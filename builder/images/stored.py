"""Images as documents: manifest, config, and the chain of layers that the two tell of."""

from __future__ import annotations

import json
from collections.abc import Callable

from builder.errors import ImageError
from builder.lean import NamedTuple
from builder.model import media_types
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Chain, Layer, Tail
from builder.model.manifest import Index, Manifest
from builder.model.platform import Platform
from builder.store.store import Store

_OCI_LAYER = {
    media_types.DOCKER_LAYER: media_types.OCI_LAYER,
    media_types.DOCKER_LAYER_GZIP: media_types.OCI_LAYER_GZIP,
}
_MOST_INDEXES = 4
"""How deep indexes of indexes are followed."""

ReadDocument = Callable[[Descriptor], bytes]
"""The verified bytes of an index, manifest or config."""


class Image(NamedTuple):
    """One image of one platform."""

    descriptor: Descriptor
    """Of the manifest."""
    manifest: Manifest
    config: ImageConfig

    @property
    def id(self) -> Digest:
        """The digest of the config, as docker names images."""
        return self.manifest.config.digest

    @property
    def layers(self) -> Chain:
        descriptors = [in_oci_form(descriptor) for descriptor in self.manifest.layers]
        return tuple(Layer(*pair) for pair in zip(self.config.diff_ids, descriptors, strict=True))

    @property
    def size_bytes(self) -> int:
        """Of all layer blobs."""
        return sum(descriptor.size for descriptor in self.manifest.layers)


def read_image(read: ReadDocument, top: Descriptor, name: str, platform: Platform | None = None) -> Image:
    """The image that `top` (a manifest or an index) describes; without a platform, the first of an index. Raises
    ImageError for what is no image that we can use."""
    for _ in range(_MOST_INDEXES):
        value = _parse(read(top), name)
        if top.media_type not in media_types.INDEXES and not _is_index(value):
            return _read_manifest(read, top, value, name)
        from builder.images.select import choose, image_entries

        entries = Index.from_json(value).manifests
        images = image_entries(entries)
        if not images:
            raise ImageError("bad-index", f"{name} is an index without images")
        top = images[0] if platform is None else choose(entries, platform, name)
    raise ImageError("bad-index", f"{name} nests indexes too deeply")


def stored_image(store: Store, top: Descriptor, name: str, platform: Platform | None = None) -> Image:
    """`read_image` from the store alone; without a platform, the first of an index that the store has."""
    if platform is None:
        images = stored_images(store, top, name)
        if images:
            return images[0]
    return read_image(lambda descriptor: store.blobs.read(descriptor.digest), top, name, platform)


def stored_images(store: Store, top: Descriptor, name: str, *, quietly: bool = False) -> tuple[Image, ...]:
    """Every image that `top` (a manifest or an index) describes and that the store has the documents of: of an index
    that was pulled for one platform there may be fewer than it names. Their descriptors say the platform. `quietly` is
    for who looks without using them."""

    def read(descriptor: Descriptor) -> bytes:
        return store.blobs.read(descriptor.digest, drop_damaged=not quietly)

    from builder.images.select import image_entries

    found: list[Image] = []
    seen = {top.digest}
    pending = [(top, 0)]
    while pending:
        descriptor, depth = pending.pop(0)
        value = _parse(read(descriptor), name)
        if descriptor.media_type not in media_types.INDEXES and not _is_index(value):
            image = _read_manifest(read, descriptor, value, name)
            found.append(_on_platform(image, descriptor) if depth else image)
            continue
        for entry in image_entries(Index.from_json(value).manifests) if depth < _MOST_INDEXES else ():
            if entry.digest not in seen and store.blobs.has(entry.digest, entry.size):
                seen.add(entry.digest)
                pending.append((entry, depth + 1))
    return tuple(found)


def _on_platform(image: Image, entry: Descriptor) -> Image:
    platform = entry.platform or image.config.platform
    return image._replace(descriptor=image.descriptor._replace(platform=platform))


def _read_manifest(read: ReadDocument, descriptor: Descriptor, value: object, name: str) -> Image:
    manifest = Manifest.from_json(value)
    if manifest.config.media_type not in media_types.CONFIGS:
        kind = manifest.config.media_type[:100]
        raise ImageError("not-an-image", f"{name} is something else than a container image: its config is {kind!r}")
    config = ImageConfig.from_json(_parse(read(manifest.config), name))
    if len(config.diff_ids) != len(manifest.layers):
        counts = f"{len(manifest.layers)} layers in its manifest, {len(config.diff_ids)} in its config"
        raise ImageError("bad-image", f"{name} contradicts itself: {counts}")
    for layer in manifest.layers:
        if layer.media_type not in media_types.LAYERS:
            raise ImageError(
                "bad-layer-type", f"{name} has a layer of a type we can't read: {layer.media_type[:100]!r}"
            )
    return Image(Descriptor(manifest.media_type, descriptor.digest, descriptor.size), manifest, config)


def _parse(data: bytes, name: str) -> object:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ImageError("bad-image", f"{name} has a manifest or config that is not JSON") from error
    return value


def _is_index(value: object) -> bool:
    """A layout's entry may lack or misstate the media type; the members tell."""
    return isinstance(value, dict) and "manifests" in value and "config" not in value


def in_oci_form(descriptor: Descriptor) -> Descriptor:
    """Only what a build needs: the type, digest and size, and which table of contents the blob carries."""
    media_type = _OCI_LAYER.get(descriptor.media_type, descriptor.media_type)
    tail = Tail.of(descriptor)
    annotations = (tail.annotation,) if tail else ()
    return Descriptor(media_type, descriptor.digest, descriptor.size, None, annotations)
