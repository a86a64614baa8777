"""The order of a transfer, and documents that want too much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BuilderError, ImageError
from builder.images.destinations.types import Content
from builder.images.sources.types import Document
from builder.images.transfer import Moved, Transfer, Watch, chosen, references
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.registry.upload import Pushed

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["mediaType", "digest", "size", "config", "layers", "manifests", "x"]), inner)
    ),
    max_leaves=15,
)


class Shelf:
    """A source and a destination that writes down what comes, in order."""

    def __init__(self) -> None:
        self.origin = "shelf"
        self.things: dict[Digest, bytes] = {}
        self.log: list[str] = []
        self.refuses = ""

    def add(self, value: object, media_type: str, platform: Platform | None = None) -> Descriptor:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.things[Digest.of(data)] = data
        return Descriptor(media_type, Digest.of(data), len(data), platform)

    def image(self, *layers: bytes, platform: Platform | None = None) -> Descriptor:
        config = self.add(b"config" + b"".join(layers), media_types.OCI_CONFIG)
        blobs = [self.add(layer, media_types.OCI_LAYER) for layer in layers]
        manifest = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": config.to_json()}
        return self.add({**manifest, "layers": [blob.to_json() for blob in blobs]}, media_types.OCI_MANIFEST, platform)

    def index(self, *children: Descriptor) -> Descriptor:
        value = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [c.to_json() for c in children]}
        return self.add(value, media_types.OCI_INDEX)

    def get(self, descriptor: Descriptor) -> Document:
        return Document(descriptor, self.things[descriptor.digest])

    def document(self, reference: str) -> Document:
        data = self.things[Digest.parse(reference)]
        return Document(Descriptor("", Digest.parse(reference), len(data)), data)

    def digest(self, reference: str) -> Digest | None:  # noqa: ARG002 - a fake
        return None

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        yield self.things[descriptor.digest][start:]

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        return self.things[descriptor.digest][start:]

    def has_document(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self.things

    def has_blob(self, descriptor: Descriptor) -> bool:
        return descriptor.digest in self.things

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        data = b"".join(content(0))
        if data.decode() == self.refuses:
            raise ImageError("refused", "no")
        self.things[descriptor.digest] = data
        self.log.append(f"blob {data.decode()}")
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        self.things[document.descriptor.digest] = document.data
        self.log.append(document.descriptor.media_type.rpartition(".image.")[2].partition(".")[0])

    def name(self, document: Document, name: str) -> None:  # noqa: ARG002
        self.log.append(f"name {name}")


def test_what_is_referred_to_comes_before_what_refers_to_it() -> None:
    source, target = Shelf(), Shelf()
    common = b"common"
    images = [source.image(common, own, platform=Platform("linux", own.decode())) for own in (b"amd64", b"arm64")]
    top = source.get(source.index(*images))
    moved = Transfer(source, target).run(top, ("1", "2"))
    assert [item.how for item in moved] == [Pushed.SENT] * 5
    blobs, rest = target.log[:5], target.log[5:]
    assert sorted(blobs)[0] == "blob amd64"
    assert sum("common" in line for line in blobs) == 3, "the shared layer once, and it is part of two configs"
    assert rest == ["manifest", "manifest", "name 1", "name 2"]
    target.log.clear()
    assert Transfer(source, target).run(source.get(images[0]), ("3",)) == ()
    assert target.log == ["name 3"]


def test_without_a_name_it_is_there_under_its_digest() -> None:
    source, target = Shelf(), Shelf()
    Transfer(source, target).run(source.get(source.index(source.image(b"a"))), ())
    assert target.log[-2:] == ["manifest", "index"]


def test_a_failure_leaves_no_document_and_stops_the_others() -> None:
    source, target = Shelf(), Shelf()
    target.refuses = "b"
    stopped: list[bool] = []
    with pytest.raises(ImageError):
        Transfer(source, target, Watch(stop=lambda: stopped.append(True))).run(
            source.get(source.image(b"a", b"b")), ("1",)
        )
    assert stopped
    assert not [line for line in target.log if not line.startswith("blob")]


def test_progress_is_of_layers() -> None:
    source = Shelf()
    told: list[tuple[int, int]] = []
    watch = Watch(lambda _, done, total: told.append((done, total)))
    Transfer(source, Shelf(), watch).run(source.get(source.image(b"layer")), ("1",))
    assert told == [(5, 5)]


def test_layers_that_must_not_be_passed_on_stay() -> None:
    source, target = Shelf(), Shelf()
    image = json.loads(source.get(source.image(b"a", b"b")).data)
    image["layers"][0]["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    moved = Transfer(source, target).run(source.get(source.add(image, media_types.OCI_MANIFEST)), ("1",))
    assert len(moved) == 2


def test_one_platform() -> None:
    source = Shelf()
    images = [source.image(name.encode(), platform=Platform("linux", name)) for name in ("amd64", "arm64")]
    top = source.get(source.index(*images))
    assert chosen(source, top, Platform("linux", "arm64"), "x").descriptor.digest == images[1].digest
    assert chosen(source, top, None, "x") == top
    with pytest.raises(ImageError):
        chosen(source, top, Platform("linux", "s390x"), "x")


def test_indexes_without_an_end() -> None:
    source = Shelf()
    top = source.image(b"a")
    for _ in range(8):
        top = source.index(top)
    with pytest.raises(ImageError) as caught:
        Transfer(source, Shelf()).run(source.get(top), ("1",))
    assert caught.value.code == "bad-index"


def test_an_index_of_more_than_anyone_has() -> None:
    source = Shelf()
    top = source.index(*[source.image(str(number).encode()) for number in range(1001)])
    with pytest.raises(ImageError, match="more than 1000 manifests") as caught:
        Transfer(source, Shelf()).run(source.get(top), ("1",))
    assert caught.value.code == "bad-index"


@pytest.mark.parametrize("size", [1 << 40, 3])
def test_a_child_of_another_size(size: int) -> None:
    source = Shelf()
    top = source.index(source.image(b"a")._replace(size=size))
    with pytest.raises(ImageError) as caught:
        Transfer(source, Shelf()).run(source.get(top), ("1",))
    assert caught.value.code == "bad-manifest"


@given(ANYTHING, st.sampled_from([media_types.OCI_INDEX, media_types.OCI_MANIFEST, "", "x"]))
def test_any_document_is_read_or_refused(value: object, media_type: str) -> None:
    data = json.dumps(value).encode()
    with suppress(BuilderError):
        references(Document(Descriptor(media_type, Digest.of(data), len(data)), data))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(BuilderError):
        references(Document(Descriptor("", Digest.of(data), len(data)), data))


def test_a_moved_blob_says_how() -> None:
    source = Shelf()
    target = Shelf()
    image = source.image(b"a")
    target.add(b"a", media_types.OCI_LAYER)
    moved: tuple[Moved, ...] = Transfer(source, target).run(source.get(image), ("1",))
    assert [item.how for item in moved] == [Pushed.SENT, Pushed.THERE]
