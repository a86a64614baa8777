"""The files of an OCI image layout with one image (OCI image-spec, image-layout.md), in the order of their names."""

from __future__ import annotations

from builder.images.index import Built, images_of
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.model.reference import Reference

LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'
INDEX = "index.json"
LAYOUT = "oci-layout"


def blob_path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def blobs_of(built: Built) -> dict[Digest, int]:
    """Every blob once, sorted by digest, with its size."""
    descriptors = [built.descriptor]
    for image in images_of(built):
        descriptors += [image.descriptor, image.manifest.config, *image.manifest.layers]
    return dict(sorted((descriptor.digest, descriptor.size) for descriptor in descriptors))


def index_of(image: Built, names: tuple[str, ...]) -> bytes:
    """`index.json` with one entry per name, as containerd and BuildKit write it and as podman and docker read it: the
    whole name in containerd's annotation, the tag in OCI's."""
    return index_with(named_entries(image.descriptor, names), ())


def index_with(entries: list[Descriptor], others: tuple[Descriptor, ...]) -> bytes:
    """`index.json`: `entries` after those of `others` that they do not replace."""
    new = {_key(entry) for entry in entries}
    kept = [entry for entry in others if _key(entry) not in new]
    return canonical(Index((*kept, *entries)).to_json())


def named_entries(descriptor: Descriptor, names: tuple[str, ...]) -> list[Descriptor]:
    """One entry of `index.json` per name, or one without."""
    return [_named(descriptor, name) for name in names] or [descriptor]


def _named(descriptor: Descriptor, name: str) -> Descriptor:
    reference = Reference.parse(name)
    annotations = (("io.containerd.image.name", str(reference)), ("org.opencontainers.image.ref.name", reference.tag))
    named = tuple(pair for pair in annotations if pair[1])
    return descriptor._replace(annotations=(*descriptor.annotations, *named))


def _key(entry: Descriptor) -> tuple[object, ...]:
    """Entries of the same names replace each other; those without a name, of the same digest."""
    name = entry.annotation("io.containerd.image.name")
    tag = entry.annotation("org.opencontainers.image.ref.name")
    return (name, tag) if name or tag else (entry.digest,)
