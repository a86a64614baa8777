"""A whole small image, put together by hand."""

from __future__ import annotations

import gzip
import io
import tarfile

from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.model.layer import Layer
from builder.model.manifest import Index, Manifest
from builder.model.platform import Platform
from builder.store.store import Store


def put_layer(store: Store, content: bytes) -> Layer:
    """A layer of one file, with its table, snapshot and memory of its blob."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("file")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    diff_id = Digest.of(buffer.getvalue())
    blob = store.blobs.put_bytes(gzip.compress(buffer.getvalue(), mtime=0), media_types.OCI_LAYER_GZIP)
    layer = Layer(diff_id, blob)
    store.tables.put(diff_id, [Entry("file", Kind.FILE, 0o644, size=len(content), digest=Digest.of(content).hex)])
    store.layers.remember(layer)
    with store.snapshots.staging() as staging:
        with open(f"{staging.upper}/file", "wb") as file:
            file.write(content)
        store.snapshots.adopt(diff_id, staging)
    return layer


def put_image(store: Store, *layers: Layer) -> Descriptor:
    config = ImageConfig(Platform("linux", "amd64"), diff_ids=tuple(layer.diff_id for layer in layers))
    described = store.blobs.put_bytes(canonical(config.to_json()), media_types.OCI_CONFIG)
    manifest = Manifest(described, tuple(layer.descriptor for layer in layers))
    return store.blobs.put_bytes(canonical(manifest.to_json()), media_types.OCI_MANIFEST)


def put_index(store: Store, *manifests: Descriptor) -> Descriptor:
    return store.blobs.put_bytes(canonical(Index(manifests).to_json()), media_types.OCI_INDEX)
