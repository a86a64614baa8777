"""Records on their way between machines."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given

from builder.cache.codec import DAMAGED
from builder.cache.remote.document import Travelling, decode, encode, step_name
from builder.cache.remote.imported import listings_in
from builder.cache.remote.inline import records_of, with_records, without_records
from builder.model import media_types
from builder.model.config import ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer, Tail
from builder.model.manifest import Manifest
from builder.model.platform import Platform
from builder.solve.keys import key_of
from builder.solve.types import Record
from tests.cache.test_codec import JSON

HEX = "ab" * 32


def record(word: str) -> Record:
    parts = {"kind": "copy", "files": HEX, "dest": word}
    blob = Descriptor(media_types.OCI_LAYER_GZIP, Digest.of(word.encode()), 7)
    layer = Layer(Digest.of(b"tar" + word.encode()), blob)
    return Record(
        key_of(parts), f"/home/me/app/Buildfile#base#{word}", "COPY", layer, parts, "2026-11-24T10:00:00Z", 1, "b"
    )


RECORDS = (record("1"), record("2"))


def test_what_travels_arrives_without_the_path_it_came_from() -> None:
    travelling = Travelling(RECORDS, {"key": "digest"}, {HEX: RECORDS[0].layer.descriptor})
    data = encode(travelling)
    assert b"/home/me" not in data
    found = decode(data)
    assert {row.key: row.layer for row in found.records} == {row.key: row.layer for row in RECORDS}
    assert {row.step for row in found.records} == {"#base#1", "#base#2"}
    assert found._replace(records=()) == travelling._replace(records=())


def test_the_order_of_steps_does_not_count() -> None:
    assert encode(Travelling(RECORDS)) == encode(Travelling(RECORDS[::-1]))


def test_a_step_is_named_by_stage_and_number() -> None:
    assert step_name("/odd#path/Buildfile#linux/arm64 build#3") == "#linux/arm64 build#3"
    assert step_name("#build#3") == "#build#3"


def test_a_record_under_a_key_that_is_not_its_own_is_left_out() -> None:
    value = json.loads(encode(Travelling(RECORDS)))
    value["records"][0]["parts"]["dest"] = "elsewhere"
    assert len(decode(json.dumps(value).encode()).records) == 1


def test_of_a_layer_only_what_an_image_may_say_arrives() -> None:
    """Whoever fills a cache is not to write into the manifests of those who read it."""
    tail = Tail(3, Digest.of(b"table"))
    named = record("1")
    blob = named.layer.descriptor._replace(
        media_type=media_types.DOCKER_LAYER_GZIP, annotations=(("com.example", "x"), tail.annotation)
    )
    (found,) = decode(encode(Travelling((named._replace(layer=named.layer._replace(descriptor=blob)),)))).records
    assert found.layer.descriptor == named.layer.descriptor._replace(annotations=(tail.annotation,))


@given(JSON)
def test_any_document_is_read_or_refused(value: object) -> None:
    for shape in (value, {"format": 1, "records": value, "derived": value, "listings": value}):
        with suppress(*DAMAGED):
            decode(json.dumps(shape).encode())


def test_listings_are_found_wherever_parts_name_them() -> None:
    assert list(listings_in({"files": HEX, "mount:/src": f"{HEX} 755 0:0", "n": 1, "env": [HEX], "text": "ab"})) == [
        HEX,
        HEX,
    ]


def image(config: ImageConfig) -> tuple[object, Manifest]:
    own = Descriptor(media_types.OCI_CONFIG, Digest.of(b"config"), 1)
    return json.loads(json.dumps(config.to_json())), Manifest(own, tuple(row.layer.descriptor for row in RECORDS))


def test_an_image_carries_the_records_of_its_layers() -> None:
    plain = ImageConfig(Platform("linux", "amd64"), diff_ids=tuple(row.layer.diff_id for row in RECORDS))
    carrying = with_records(plain, RECORDS, None)
    assert [row.layer for row in records_of(*image(carrying))] == [row.layer for row in RECORDS]
    assert without_records(carrying) == plain
    assert list(records_of(*image(plain))) == []


@given(JSON)
def test_any_configuration_is_read_or_refused(value: object) -> None:
    _, manifest = image(ImageConfig(Platform("linux", "amd64")))
    for shape in (
        value,
        {"pybuild.cache.v1": value},
        {"pybuild.cache.v1": {"format": 1, "records": value}, "rootfs": {"diff_ids": ["a", "b"]}},
    ):
        with suppress(*DAMAGED):
            list(records_of(shape, manifest))
