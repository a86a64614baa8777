from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import StoreError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.store.refs import REF_NAME, parse_index
from builder.store.store import Store
from tests.store.images import put_image, put_layer

ONE = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"one"), 3, Platform("linux", "amd64"))
TWO = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"two"), 3)


@pytest.fixture(autouse=True)
def _put(store: Store) -> None:
    put_both(store)


def put_both(store: Store) -> None:
    for content in (b"one", b"two"):
        store.blobs.put_bytes(content, media_types.OCI_MANIFEST)


def index(store: Store) -> dict[str, object]:
    with open(f"{store.root}/index.json", encoding="utf-8") as file:
        return dict(json.load(file))


def test_name_is_set_moved_and_removed(store: Store) -> None:
    assert store.refs.get("app:1.0") is None
    store.refs.set("app:1.0", ONE)
    assert store.refs.get("app:1.0") == ONE
    store.refs.set("app:1.0", TWO)
    store.refs.set("aaa:1", ONE)
    assert store.refs.items() == (("aaa:1", ONE), ("app:1.0", TWO))
    assert store.refs.remove("app:1.0")
    assert not store.refs.remove("app:1.0")
    assert store.refs.items() == (("aaa:1", ONE),)


def test_index_carries_the_name_as_an_annotation(store: Store) -> None:
    store.refs.set("app:1.0", ONE)
    assert index(store)["manifests"] == [ONE.to_json() | {"annotations": {REF_NAME: "app:1.0"}}]


def test_nothing_is_written_when_nothing_changes(store: Store) -> None:
    store.refs.set("app:1.0", ONE)
    inode = os.stat(f"{store.root}/index.json").st_ino
    store.refs.set("app:1.0", ONE)
    store.refs.keep(ONE)
    assert os.stat(f"{store.root}/index.json").st_ino == inode


def test_previous_image_stays_only_if_asked(store: Store) -> None:
    store.refs.set("app:1.0", ONE)
    store.refs.set("app:1.0", TWO)
    assert store.refs.untagged() == ()
    store.refs.set("app:1.0", ONE, keep_previous=True)
    assert store.refs.untagged() == (TWO,)
    store.refs.set("other:1", TWO)
    assert store.refs.untagged() == ()
    assert store.refs.forget(TWO.digest)
    assert store.refs.items() == (("app:1.0", ONE),)


def test_image_without_a_name_is_kept(store: Store) -> None:
    store.refs.keep(ONE)
    store.refs.keep(ONE)
    assert store.refs.untagged() == (ONE,)
    assert store.refs.items() == ()


def test_what_other_tools_wrote_stays(store: Store) -> None:
    annotated = TWO._replace(annotations=(("com.example", "x"),))
    entry = annotated.to_json() | {"artifactType": "text/x"}
    foreign = {"schemaVersion": 2, "manifests": [entry], "annotations": {"who": "them"}}
    with open(f"{store.root}/index.json", "w", encoding="utf-8") as file:
        json.dump(foreign, file)
    store.refs.set("app:1.0", ONE)
    assert store.refs.untagged() == (annotated,)
    written = index(store)
    assert written["annotations"] == {"who": "them"}
    assert isinstance(written["manifests"], list)
    assert entry in written["manifests"]


def test_two_processes_lose_no_name(store: Store) -> None:
    code = (
        "import sys; from builder.store.store import Store; from tests.store.test_refs import ONE\n"
        "store = Store.open(sys.argv[1])\n"
        "for number in range(30): store.refs.set(f'{sys.argv[2]}:{number}', ONE)\n"
        "store.close()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, store.root, name]) for name in ("a", "b")]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(store.refs.items()) == 60


def test_what_is_not_whole_gets_no_name(store: Store) -> None:
    layer = put_layer(store, b"x")
    image = put_image(store, layer)
    store.blobs.remove(layer.descriptor.digest)
    with pytest.raises(StoreError) as raised:
        store.refs.set("app:1.0", image)
    assert raised.value.code == "blob-missing"
    assert store.refs.items() == ()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"manifests": 5}', b'{"manifests": [{}]}', b"[" * 100_000, b'{"manifests": [null]}']
)
def test_damaged_index_is_told(store: Store, data: bytes) -> None:
    with open(f"{store.root}/index.json", "wb") as file:
        file.write(data)
    with pytest.raises(StoreError) as raised:
        store.refs.items()
    assert raised.value.code == "bad-index"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["manifests", "size", "x"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_an_index_or_a_store_error(value: object) -> None:
    with suppress(StoreError):
        assert isinstance(parse_index(json.dumps(value).encode())["manifests"], list)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_store_error(data: bytes) -> None:
    with pytest.raises(StoreError):
        parse_index(data)


NAMES = st.sampled_from(["a:1", "b:1", "host:5000/c/d:2"])


@given(st.lists(st.tuples(NAMES, st.sampled_from([ONE, TWO, None])), max_size=8))
def test_refs_are_a_mapping(changes: list[tuple[str, Descriptor | None]]) -> None:
    import tempfile

    model: dict[str, Descriptor] = {}
    with tempfile.TemporaryDirectory() as folder, Store.open(folder) as store:
        put_both(store)
        for name, descriptor in changes:
            if descriptor is None:
                assert store.refs.remove(name) == (model.pop(name, None) is not None)
            else:
                store.refs.set(name, descriptor)
                model[name] = descriptor
            assert store.refs.items() == tuple(sorted(model.items()))
