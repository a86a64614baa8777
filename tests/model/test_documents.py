"""What is written is read back, and whatever is read is a value or an ImageError: documents come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import ImageError
from builder.model import media_types
from builder.model.canonical import canonical
from builder.model.config import Healthcheck, History, ImageConfig, RunConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest, chain_id
from builder.model.manifest import Index, Manifest
from builder.model.platform import Platform

TEXT = st.text(max_size=8)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
PORTS = st.lists(TEXT, max_size=3, unique=True).map(lambda keys: tuple(sorted(keys)))
"""Members of an object, which have no order of their own: sorted as canonical JSON has them."""
NUMBER = st.integers(0, 2**40)
LABELS = st.dictionaries(TEXT, TEXT, max_size=3).map(lambda labels: tuple(sorted(labels.items())))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
EXTRA = st.dictionaries(st.sampled_from(["x-a", "Domainname", "z"]), JSON, max_size=2).map(
    lambda extra: tuple(sorted(extra.items()))
)
DIGESTS = st.binary(max_size=3).map(Digest.of)
PLATFORMS = st.builds(Platform, TEXT, TEXT, TEXT, TEXT)
HEALTH = st.builds(Healthcheck, st.tuples(TEXT), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER)
RUN = st.builds(
    RunConfig,
    user=TEXT, exposed_ports=PORTS, env=TEXTS, entrypoint=st.none() | TEXTS, cmd=st.none() | TEXTS, volumes=PORTS,
    working_dir=TEXT, labels=LABELS, stop_signal=TEXT, shell=st.none() | TEXTS, args_escaped=st.booleans(),
    healthcheck=st.none() | HEALTH, on_build=TEXTS, extra=EXTRA,
)  # fmt: skip
HISTORY = st.builds(History, TEXT, st.booleans(), TEXT, TEXT, TEXT)
CONFIGS = st.builds(
    ImageConfig, PLATFORMS, RUN, st.lists(DIGESTS, max_size=3).map(tuple), st.lists(HISTORY, max_size=3).map(tuple),
    TEXT, TEXT, EXTRA,
)  # fmt: skip
DESCRIPTORS = st.builds(Descriptor, TEXT, DIGESTS, NUMBER, st.none() | PLATFORMS.filter(any), LABELS)
MANIFESTS = st.builds(
    Manifest, DESCRIPTORS, st.lists(DESCRIPTORS, max_size=3).map(tuple), LABELS, st.just(media_types.DOCKER_MANIFEST)
)
INDEXES = st.builds(Index, st.lists(DESCRIPTORS, max_size=3).map(tuple), LABELS, st.just(media_types.OCI_INDEX))


def through_json(value: object) -> object:
    return json.loads(canonical(value))


@given(CONFIGS)
def test_a_config_is_read_as_it_was_written(config: ImageConfig) -> None:
    again = ImageConfig.from_json(through_json(config.to_json()))
    assert again == config
    assert canonical(again.to_json()) == canonical(config.to_json())


@given(MANIFESTS, INDEXES)
def test_manifests_and_indexes_are_read_as_they_were_written(manifest: Manifest, index: Index) -> None:
    assert Manifest.from_json(through_json(manifest.to_json())) == manifest
    assert Index.from_json(through_json(index.to_json())) == index


READERS: list[tuple[Callable[[object], object], dict[str, object]]] = [
    (ImageConfig.from_json, ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=("x",))).to_json()),
    (Manifest.from_json, Manifest(Descriptor("c", Digest.of(b""), 1), (Descriptor("l", Digest.of(b""), 1),)).to_json()),
    (Index.from_json, Index((Descriptor("m", Digest.of(b""), 1, Platform("a", "b")),)).to_json()),
    (Descriptor.from_json, Descriptor("m", Digest.of(b""), 1, Platform("a", "b")).to_json()),
]


@given(st.sampled_from(READERS), st.data())
def test_any_json_is_a_value_or_an_error(
    reader: tuple[Callable[[object], object], dict[str, object]], data: st.DataObject
) -> None:
    read, sound = reader
    value = dict(sound)
    keys = [*sound, "annotations", "mediaType", "history", "config", "platform"]
    for key in data.draw(st.lists(st.sampled_from(keys), max_size=3)):
        value[key] = data.draw(JSON | st.dictionaries(st.sampled_from(["Cmd", "Labels", "Healthcheck", "os"]), JSON))
    with suppress(ImageError):
        found = read(data.draw(st.just(value) | JSON))
        assert isinstance(getattr(found, "media_type", ""), str)


def test_an_empty_list_is_not_an_absent_one() -> None:
    config = ImageConfig(Platform("linux", "amd64"), RunConfig(cmd=(), entrypoint=None))
    written = config.to_json()["config"]
    assert written == {"Cmd": []}
    assert ImageConfig.from_json(config.to_json()).config.cmd == ()


def test_chain_ids_are_those_of_the_specification() -> None:
    a, b = Digest.of(b"a"), Digest.of(b"b")
    assert chain_id(()) == ""
    assert chain_id((a,)) == a
    assert chain_id((a, b)) == Digest.of(f"{a} {b}".encode())


@pytest.mark.parametrize(
    ("text", "platform"),
    [("x86_64", "linux/amd64"), ("linux/arm", "linux/arm/v7"), ("aarch64", "linux/arm64"),
     ("linux/arm64/v8", "linux/arm64"), ("Linux/AMD64/v1", "linux/amd64"), ("linux/amd64/v3", "linux/amd64/v3"),
     ("windows", "windows/amd64")],
)  # fmt: skip
def test_platforms_are_normalised(text: str, platform: str) -> None:
    assert str(Platform.parse(text)) == platform
