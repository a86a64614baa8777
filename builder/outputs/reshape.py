"""The same image with its layers compressed otherwise, or in docker's media types: what an output asks for.

An image is assembled as its steps made it (gzip). An output that wants another form gets another manifest with the
same config, so the image id stays. As BuildKit has it, what the base image brought stays as it came unless
`force-compression` is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.errors import UsageError
from builder.images.fetch import ensure_blob
from builder.images.keep import keep_layer
from builder.images.stored import Image, in_oci_form
from builder.images.unpack import ensure_table
from builder.layers.compress import Compression, decompress
from builder.layers.writer import LayerWriter
from builder.lean import NamedTuple
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.model.manifest import Manifest
from builder.outputs.types import Means, Shape

_LEVEL = "org.pybuild.level"
"""With a blob that the store remembers for a diff id: that we compressed it, and at which level."""
_CHUNK = 1 << 20
_DOCKER = {
    media_types.OCI_LAYER: media_types.DOCKER_LAYER,
    media_types.OCI_LAYER_GZIP: media_types.DOCKER_LAYER_GZIP,
}


class _Wanted(NamedTuple):
    compression: Compression
    level: int

    @property
    def as_built(self) -> bool:
        """Whether steps make their layers so."""
        return self == (Compression.GZIP, Compression.GZIP.default_level)


def reshape(image: Image, inherited: int, shape: Shape, means: Means) -> Image:
    """Afterwards the store has the manifest and the layers that were compressed again. `inherited` is how many layers
    the base image brought. Raises UsageError `zstd-in-docker` where docker's media types cannot say it."""
    if shape == Shape():
        return image
    layers = [
        _compressed(layer, wanted, means) if (wanted := _wanted(shape, position >= inherited)) else layer
        for position, layer in enumerate(image.layers)
    ]
    descriptors = tuple(layer.descriptor for layer in layers)
    config, media_type = image.manifest.config, media_types.OCI_MANIFEST
    if shape.docker_types:
        descriptors = tuple(_in_docker_type(descriptor) for descriptor in descriptors)
        config = config._replace(media_type=media_types.DOCKER_CONFIG)
        media_type = media_types.DOCKER_MANIFEST
    manifest = Manifest(config, descriptors, image.manifest.annotations, media_type)
    if manifest == image.manifest:
        return image
    blob = means.store.blobs.put_bytes(canonical(manifest.to_json()), media_type)
    return Image(blob._replace(platform=image.descriptor.platform), manifest, image.config)


def _wanted(shape: Shape, own: bool) -> _Wanted | None:
    """How a layer is to be compressed; None leaves it as it is."""
    if not (own or shape.force):
        return None
    compression = shape.compression or Compression.GZIP
    wanted = _Wanted(compression, compression.default_level if shape.level is None else shape.level)
    return None if own and wanted.as_built else wanted


def _compressed(layer: Layer, wanted: _Wanted, means: Means) -> Layer:
    compression, level = wanted
    note = (_LEVEL, str(level))
    for known in means.store.layers.all_of(layer.diff_id):
        same = known.media_type == compression.media_type and note in known.annotations
        if same and means.store.blobs.has(known.digest, known.size):
            return Layer(layer.diff_id, in_oci_form(known))
    table = ensure_table(means.store, layer, means.open_source)
    blob = ensure_blob(means.store, layer, means.open_source)

    def fill(writer: LayerWriter) -> Sequence[Entry]:
        with means.store.blobs.open(blob.digest, blob.size) as packed:
            content = decompress(packed)
            while chunk := content.read(_CHUNK):
                writer.write(chunk)
            packed.finish()
        return table

    made, _ = keep_layer(means.store, fill, compression, level, layer.diff_id)
    annotations = tuple(sorted([*made.descriptor.annotations, note]))
    means.store.layers.remember(made._replace(descriptor=made.descriptor._replace(annotations=annotations)))
    return made


def _in_docker_type(descriptor: Descriptor) -> Descriptor:
    if descriptor.media_type == media_types.OCI_LAYER_ZSTD:
        raise UsageError(
            "zstd-in-docker",
            "--output: docker's media types have no zstd layers",
            hint="drop oci-mediatypes=false, or say compression=gzip,force-compression=true",
        )
    return descriptor._replace(media_type=_DOCKER[descriptor.media_type], annotations=())
