"""What of an image that was pulled for one platform can be pushed."""

from __future__ import annotations

from pathlib import Path

from builder.images.push import plan_pushes
from builder.model.canonical import canonical
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.model.media_types import OCI_INDEX, OCI_MANIFEST
from builder.model.platform import Platform
from builder.store.store import Store
from tests.support.layouts import write_layout

ATTESTATION = (("vnd.docker.reference.type", "attestation-manifest"),)


def test_attestations_are_no_platforms_that_are_left_out(tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "layout"), [{"a": b"1"}])
    store = Store.open(str(tmp_path / "store"))
    for path in (tmp_path / "layout" / "blobs" / "sha256").iterdir():
        store.blobs.put_bytes(path.read_bytes(), "")
    size = len(store.blobs.read(Digest(written.manifest)))
    here = Descriptor(OCI_MANIFEST, Digest(written.manifest), size, platform=Platform("linux", "amd64"))
    away = Descriptor(OCI_MANIFEST, Digest.of(b"away"), 4, platform=Platform("linux", "arm64"))
    beside = Descriptor(OCI_MANIFEST, Digest.of(b"beside"), 6, Platform("unknown", "unknown"), ATTESTATION)
    index = canonical(Index((here, away, beside)).to_json())
    top = store.blobs.put_bytes(index, OCI_INDEX)
    store.refs.set("app:1", top)
    (planned,) = plan_pushes(store, "app:1", all_tags=False, platform=None)
    assert planned.document.descriptor.digest == written.manifest
    assert planned.left_out == 1
    store.close()
