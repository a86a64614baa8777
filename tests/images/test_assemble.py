from __future__ import annotations

import os

import pytest

from builder.errors import ImageError
from builder.images.assemble import Ingredients, assemble, timestamp
from builder.images.stored import stored_image
from builder.model import media_types
from builder.model.config import History, ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.store.store import Store

AMD64 = Platform("linux", "amd64")
BASE = ImageConfig(
    AMD64,
    diff_ids=(Digest.of(b"base"),),
    history=(History("FROM base", created="2024-05-06T07:08:09.5Z"),),
    created="2024-05-06T07:08:09.5Z",
)
STEPS = (History("ENV a=b", empty_layer=True), History("COPY a"), History("CMD x", empty_layer=True), History("RUN b"))
TIMES = ("2025-01-01T00:00:00Z", "2025-01-01T00:00:07Z")


def layer(name: str) -> Layer:
    return Layer(Digest.of(name.encode()), Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(name.encode() + b"z"), 5))


LAYERS = (layer("base"), layer("one"), layer("two"))
FULL = Ingredients(BASE, STEPS, LAYERS, TIMES)


def test_an_image_reads_back_as_it_was_made(store: Store) -> None:
    image = assemble(store, FULL)
    assert stored_image(store, image.descriptor, "it") == image
    assert image.layers == LAYERS
    assert image.id == Digest.of(store.blobs.read(image.id))
    assert image.descriptor.media_type == media_types.OCI_MANIFEST


def test_entries_without_a_layer_take_the_time_of_the_layer_before(store: Store) -> None:
    config = assemble(store, FULL).config
    base = "2024-05-06T07:08:09.5Z"
    assert [entry.created for entry in config.history] == [base, base, TIMES[0], TIMES[0], TIMES[1]]
    assert config.created == TIMES[1]


def test_without_a_base_the_first_layer_sets_the_time(store: Store) -> None:
    parts = Ingredients(ImageConfig(AMD64), STEPS, LAYERS[1:], TIMES)
    assert [entry.created for entry in assemble(store, parts).config.history][:2] == [TIMES[0], TIMES[0]]


def test_the_epoch_is_the_time_of_everything_new_and_the_limit_of_the_rest(store: Store) -> None:
    early, late = 1000, 4_000_000_000
    config = assemble(store, FULL._replace(epoch=early)).config
    assert {entry.created for entry in config.history} == {config.created} == {timestamp(early)}
    config = assemble(store, FULL._replace(epoch=late)).config
    assert config.history[0].created == "2024-05-06T07:08:09.5Z"
    assert {entry.created for entry in config.history[2:]} == {config.created} == {timestamp(late)}
    only_config = Ingredients(ImageConfig(AMD64), STEPS[:1], (), (), epoch=0)
    assert assemble(store, only_config).config.created == "1970-01-01T00:00:00Z"


def test_a_rebuild_writes_nothing(store: Store) -> None:
    first = assemble(store, FULL)
    store.settle()
    folder = f"{store.root}/blobs/sha256"
    before = {name: os.stat(f"{folder}/{name}").st_mtime_ns for name in os.listdir(folder)}
    assert assemble(store, FULL) == first
    assert {name: os.stat(f"{folder}/{name}").st_mtime_ns for name in os.listdir(folder)} == before


@pytest.mark.parametrize("parts", [FULL._replace(created=TIMES[:1]), FULL._replace(layers=LAYERS[:2])])
def test_layers_and_history_that_do_not_fit(parts: Ingredients, store: Store) -> None:
    with pytest.raises(ImageError):
        assemble(store, parts)


def test_a_damaged_time_of_the_base(store: Store) -> None:
    base = BASE._replace(created="yesterday", history=(BASE.history[0]._replace(created="9999"),))
    config = assemble(store, FULL._replace(config=base, epoch=5)).config
    assert config.history[0].created == timestamp(5)
