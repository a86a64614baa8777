from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.errors import BuilderError, ImageError
from builder.images.fetch import ensure_blob, ensure_blobs
from builder.images.resolve import PullPolicy, StoreResolver, split_tag
from builder.images.sources.open import Sources
from builder.images.sources.types import Document, Source
from builder.images.unpack import ensure_table
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.store.store import Store
from tests.support.layouts import Written, name_image, write_image, write_layout
from tests.support.registry import copy_image

AMD64 = Platform("linux", "amd64")
FILES = {"bin/": b"", "bin/sh": b"#!", "etc/": b"", "etc/name": b"one"}


class Counting:
    """Opens sources, and counts what is asked of them."""

    def __init__(self) -> None:
        self._sources = Sources()
        self.documents = 0
        self.blobs: list[Digest] = []

    def __call__(self, origin: str) -> Source:
        return _Counted(self._sources(origin), self)


class _Counted:
    def __init__(self, source: Source, counts: Counting) -> None:
        self.origin = source.origin
        self._source = source
        self._counts = counts

    def document(self, reference: str) -> Document:
        self._counts.documents += 1
        return self._source.document(reference)

    def digest(self, reference: str) -> Digest | None:
        return self._source.digest(reference)

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        self._counts.blobs.append(descriptor.digest)
        return self._source.blob(descriptor, start)

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        raise AssertionError(f"the tail of {descriptor.digest} was asked for at {start}")


def forbidden(origin: str) -> Source:
    raise AssertionError(f"{origin} was asked")


def test_pulls_documents_first_and_layers_when_they_are_read(registry: str, store: Store, tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "l"), [FILES, {"big": os.urandom(1 << 20)}], Cmd=["sh"])
    copy_image(f"oci:{tmp_path}/l:latest", registry, "lazy:1")
    counting = Counting()
    image = StoreResolver(store, counting).resolve(f"{registry}/lazy:1", AMD64)
    assert (image.digest, image.origin) == (written.manifest, f"registry:{registry}/lazy")
    assert image.config.config.cmd == ("sh",)
    assert tuple(layer.diff_id for layer in image.layers) == written.diff_ids
    assert counting.blobs == [written.config]
    assert not any(store.blobs.has(layer.descriptor.digest) for layer in image.layers)

    again = StoreResolver(store, forbidden, PullPolicy.NEVER).resolve(f"{registry}/lazy:1", AMD64)
    assert again == image
    progress: list[tuple[Digest, int, int]] = []
    ensure_blobs(store, image.layers, counting, lambda *row: progress.append(row))
    assert all(store.blobs.has(layer.descriptor.digest) for layer in image.layers)
    assert {digest: done for digest, done, _ in progress} == {
        x.descriptor.digest: x.descriptor.size for x in image.layers
    }
    ensure_blobs(store, image.layers, forbidden)
    assert store.layers.find(image.layers[1].diff_id) is None, "nobody has looked whether it carries that layer"
    ensure_table(store, image.layers[1], forbidden)
    assert store.layers.find(image.layers[1].diff_id) == image.layers[1].descriptor


def test_pull_always_notices_a_moved_tag_and_asks_no_more_than_needed(
    registry: str, store: Store, tmp_path: Path
) -> None:
    first = write_layout(str(tmp_path / "a"), [FILES])
    copy_image(f"oci:{tmp_path}/a:latest", registry, "moved")
    counting = Counting()
    resolver = StoreResolver(store, counting, PullPolicy.ALWAYS)
    name = f"{registry}/moved"
    assert resolver.resolve(name, AMD64).digest == first.manifest
    assert resolver.resolve(name, AMD64).digest == first.manifest
    assert counting.documents == 1
    second = write_layout(str(tmp_path / "b"), [FILES], Cmd=["other"])
    copy_image(f"oci:{tmp_path}/b:latest", registry, "moved")
    assert StoreResolver(store, forbidden).resolve(name, AMD64).digest == first.manifest
    assert resolver.resolve(name, AMD64).digest == second.manifest
    pinned = StoreResolver(store, forbidden, PullPolicy.ALWAYS).resolve(f"{name}@{first.manifest}", AMD64)
    assert pinned.digest == first.manifest


def test_dockers_media_types_become_ocis(registry: str, store: Store, tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "l"), [FILES])
    target = f"docker://{registry}/schema2"
    convert = ["skopeo", "copy", "-q", "--format", "v2s2", "--dest-tls-verify=false", "--dest-no-creds"]
    subprocess.run([*convert, f"oci:{tmp_path}/l:latest", target], check=True)
    image = StoreResolver(store, Sources()).resolve(f"{registry}/schema2", AMD64)
    assert image.layers[0].descriptor.media_type == media_types.OCI_LAYER_GZIP
    assert (image.layers[0].diff_id, image.layers[0].descriptor.digest) == (written.diff_ids[0], written.layers[0])


def test_platforms_of_an_index(registry: str, store: Store, tmp_path: Path) -> None:
    layout = str(tmp_path / "multi")
    platforms = ("linux/amd64", "linux/arm/v6", "linux/arm64")
    images = {platform: write_image(layout, [FILES], platform) for platform in platforms}
    name_image(layout, "multi", images)
    copy_image(f"oci:{layout}:multi", registry, "multi:1")
    for name in (f"oci:{layout}:multi", f"{registry}/multi:1"):
        resolver = StoreResolver(store, Sources())
        for asked, got in (
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm/v7", "linux/arm/v6"),
            ("amd64", "linux/amd64"),
        ):
            image = resolver.resolve(name, Platform.parse(asked))
            assert image.digest == images[got].manifest
            assert image.config.platform.matches(Platform.parse(got))
        with pytest.raises(ImageError) as caught:
            resolver.resolve(name, Platform.parse("linux/s390x"))
        assert caught.value.code == "no-such-platform"
        assert "linux/arm64" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_images_on_disk(kind: str, store: Store, tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "l"), [FILES, {"etc/": b"", "etc/name": b"two"}], Cmd=["sh"])
    place = f"{kind}:{tmp_path}/image:app:1.0"
    subprocess.run(["skopeo", "copy", "-q", f"oci:{tmp_path}/l:latest", place], check=True)
    names = [f"{kind}:{tmp_path}/image", place]
    for name in names:
        image = StoreResolver(store, Sources()).resolve(name, AMD64)
        assert tuple(layer.diff_id for layer in image.layers) == written.diff_ids
        assert image.config.config.cmd == ("sh",)
        ensure_blobs(store, image.layers, Sources())
        for layer in image.layers:
            assert store.blobs.read(layer.descriptor.digest)
    with pytest.raises(ImageError) as caught:
        StoreResolver(store, Sources()).resolve(f"{kind}:{tmp_path}/image:other:2", AMD64)
    assert caught.value.code == "image-not-found"


def test_a_name_of_the_store_in_any_spelling(store: Store, tmp_path: Path) -> None:
    written = put(store, "debian:12", str(tmp_path / "l"))
    resolver = StoreResolver(store, forbidden)
    for name in (
        "debian:12",
        "docker.io/debian:12",
        "docker.io/library/debian:12",
        "index.docker.io/library/debian:12",
    ):
        image = resolver.resolve(name, AMD64)
        assert (image.digest, image.origin, image.name) == (written.manifest, "store", name)
    with pytest.raises(ImageError) as caught:
        StoreResolver(store, forbidden, PullPolicy.NEVER).resolve("debian", AMD64)
    assert caught.value.code == "image-not-found"


def test_an_image_of_another_platform_is_the_last_resort(store: Store, tmp_path: Path) -> None:
    """BuildKit takes it, too; the plan remarks on it."""
    written = put(store, "app:1", str(tmp_path / "l"))
    resolver = StoreResolver(store, forbidden, PullPolicy.NEVER)
    assert resolver.resolve("app:1", Platform.parse("arm64")).digest == written.manifest


def test_a_damaged_layer_of_a_source_is_refused(store: Store, tmp_path: Path) -> None:
    written = write_layout(str(tmp_path / "l"), [FILES])
    image = StoreResolver(store, Sources()).resolve(f"oci:{tmp_path}/l", AMD64)
    blob = tmp_path / "l" / "blobs" / "sha256" / written.layers[0].partition(":")[2]
    data = bytearray(blob.read_bytes())
    for damaged in (data[:-1], data + b"x"):
        blob.write_bytes(damaged)
        if damaged == data + b"x":
            ensure_blob(store, image.layers[0], Sources())  # what lies behind the size is never read
            store.blobs.remove(image.layers[0].descriptor.digest)
        else:
            with pytest.raises(BuilderError) as caught:
                ensure_blob(store, image.layers[0], Sources())
            assert caught.value.code == "digest-mismatch"
    data[20] ^= 1
    blob.write_bytes(data)
    with pytest.raises(BuilderError) as caught:
        ensure_blob(store, image.layers[0], Sources())
    assert caught.value.code == "digest-mismatch"
    assert not store.blobs.has(image.layers[0].descriptor.digest)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"layers": []}, "bad-image"),
        ({"schemaVersion": 1}, "bad-manifest"),
        ({"config": {"mediaType": "application/x-helm", "digest": "sha256:" + "0" * 64, "size": 2}}, "not-an-image"),
        ({"config": None}, "bad-descriptor"),
        ({"layers": [{"mediaType": "foreign", "digest": "sha256:" + "0" * 64, "size": 2}]}, "bad-layer-type"),
    ],
)
def test_images_that_make_no_sense(change: dict[str, object], code: str, store: Store, tmp_path: Path) -> None:
    folder = str(tmp_path / "l")
    written = write_layout(folder, [FILES])
    blobs = tmp_path / "l" / "blobs" / "sha256"
    manifest = json.loads((blobs / written.manifest.partition(":")[2]).read_text()) | change
    data = json.dumps(manifest).encode()
    digest = Digest.of(data)
    (blobs / digest.hex).write_bytes(data)
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": len(data)}
    (tmp_path / "l" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    with pytest.raises(ImageError) as caught:
        StoreResolver(store, Sources()).resolve(f"oci:{folder}", AMD64)
    assert caught.value.code == code


def test_a_layout_that_is_none(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "junk.tar").write_bytes(b"junk" * 1000)
    expected = {"oci:/does/not/exist": "image-not-found", f"oci:{tmp_path}/empty": "bad-layout"}
    expected |= {
        f"oci-archive:{tmp_path}/junk.tar": "bad-archive",
        f"docker-archive:{tmp_path}/junk.tar": "bad-archive",
    }
    for name, code in expected.items():
        with pytest.raises(ImageError) as caught:
            StoreResolver(store, Sources()).resolve(name, AMD64)
        assert caught.value.code == code


def test_paths_with_colons(tmp_path: Path) -> None:
    (tmp_path / "a:b").touch()
    assert split_tag(f"{tmp_path}/a:b") == (f"{tmp_path}/a:b", "")
    assert split_tag(f"{tmp_path}/a:b:app:1.0") == (f"{tmp_path}/a:b", "app:1.0")
    assert split_tag(f"{tmp_path}:x") == (str(tmp_path), "x")


def put(store: Store, name: str, folder: str) -> Written:
    """An image of the store, written by another tool."""
    written = write_layout(folder, [FILES])
    subprocess.run(["skopeo", "copy", "-q", f"oci:{folder}:latest", f"oci:{store.root}:{name}"], check=True)
    return written
