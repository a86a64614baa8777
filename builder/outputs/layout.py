"""The files of an OCI image layout with one image (OCI image-spec, image-layout.md), in the order of their names."""

from __future__ import annotations

from builder.images.index import Built, images_of
from builder.images.layout import NAME, TAG, added, index_file
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.reference import Reference


def blobs_of(built: Built) -> dict[Digest, int]:
    """Every blob once, sorted by digest, with its size."""
    descriptors = [built.descriptor]
    for image in images_of(built):
        descriptors += [image.descriptor, image.manifest.config, *image.manifest.layers]
    return dict(sorted((descriptor.digest, descriptor.size) for descriptor in descriptors))


def index_of(image: Built, names: tuple[str, ...]) -> bytes:
    """`index.json` with one entry per name, as containerd and BuildKit write it and as podman and docker read it: the
    whole name in containerd's annotation, the tag in OCI's."""
    return index_file(added(named_entries(image.descriptor, names), ()))


def named_entries(descriptor: Descriptor, names: tuple[str, ...]) -> list[Descriptor]:
    """One entry of `index.json` per name, or one without."""
    return [_named(descriptor, name) for name in names] or [descriptor]


def _named(descriptor: Descriptor, name: str) -> Descriptor:
    reference = Reference.parse(name)
    annotations = ((NAME, str(reference)), (TAG, reference.tag))
    named = tuple(pair for pair in annotations if pair[1])
    return descriptor._replace(annotations=(*descriptor.annotations, *named))
