"""Other tools read the store in place."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from builder.store.store import Store
from tests.store.images import put_image, put_layer


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
@pytest.mark.parametrize("name", ["app:1.0", "localhost:5000/team/app:1.0"])
def test_skopeo_reads_an_image_by_its_name(store: Store, name: str) -> None:
    image = put_image(store, put_layer(store, b"hello"), put_layer(store, b"world"))
    store.refs.set(name, image)
    store.refs.set("other:1", put_image(store, put_layer(store, b"hello")))
    command = ["skopeo", "inspect", "--no-tags", f"oci:{store.root}:{name}"]
    shown = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert shown["Digest"] == image.digest
    assert len(shown["Layers"]) == 2


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
def test_skopeo_copies_out_and_in(store: Store, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("out")
    image = put_image(store, put_layer(store, b"hello"))
    store.refs.set("app:1.0", image)
    copy = ["skopeo", "--insecure-policy", "copy", "-q"]
    subprocess.run([*copy, f"oci:{store.root}:app:1.0", f"oci:{out}/l:x"], check=True)
    subprocess.run([*copy, f"oci:{out}/l:x", f"oci:{store.root}:back:2"], check=True)
    assert store.refs.get("back:2") == image
    assert store.refs.get("app:1.0") == image
