"""An OCI layout in a folder as a place that images are brought to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from builder.errors import OutputError, StoreError
from builder.images.destinations.layout import LayoutDestination
from builder.images.sources.types import Document
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest


def bring(folder: Path, name: str, content: bytes, *, is_tidy: bool = False) -> Descriptor:
    """An image whose config and only layer are `content`."""
    destination = LayoutDestination(str(folder), is_tidy=is_tidy)
    blob = Descriptor(media_types.OCI_LAYER, Digest.of(content), len(content))
    config = blob._replace(media_type=media_types.OCI_CONFIG)
    data = json.dumps({"schemaVersion": 2, "config": config.to_json(), "layers": [blob.to_json()]}).encode()
    document = Document(Descriptor(media_types.OCI_MANIFEST, Digest.of(data), len(data)), data)
    destination.put_blob(blob, lambda _: [content], ())
    destination.name(document, name)
    assert destination.has_document(document.descriptor)
    return document.descriptor


def names_of(folder: Path) -> dict[str, str]:
    entries = json.loads((folder / "index.json").read_text())["manifests"]
    return {entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"] for entry in entries}


@pytest.mark.parametrize("is_tidy", [False, True])
def test_what_a_name_meant_before_goes_only_where_that_is_wanted(tmp_path: Path, is_tidy: bool) -> None:
    bring(tmp_path, "1", b"first", is_tidy=is_tidy)
    other = bring(tmp_path, "other", b"other", is_tidy=is_tidy)
    second = bring(tmp_path, "1", b"second", is_tidy=is_tidy)
    assert names_of(tmp_path) == {"other": other.digest, "1": second.digest}
    blobs = os.listdir(tmp_path / "blobs" / "sha256")
    assert len(blobs) == (4 if is_tidy else 6)
    assert (Digest.of(b"first").hex in blobs) is not is_tidy
    assert Digest.of(b"other").hex in blobs


def test_a_blob_that_is_another_is_not_kept(tmp_path: Path) -> None:
    blob = Descriptor(media_types.OCI_LAYER, Digest.of(b"right"), 5)
    with pytest.raises(StoreError):
        LayoutDestination(str(tmp_path)).put_blob(blob, lambda _: [b"wrong"], ())
    assert os.listdir(tmp_path / "blobs" / "sha256") == []


@pytest.mark.parametrize("file", ["index.json", "notes.txt"])
def test_a_folder_that_holds_something_else(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("something else")
    with pytest.raises(OutputError) as caught:
        LayoutDestination(str(tmp_path)).check()
    assert caught.value.code == "not-a-layout"


def test_a_new_folder_is_none_that_holds_something_else(tmp_path: Path) -> None:
    LayoutDestination(str(tmp_path)).check()
    LayoutDestination(str(tmp_path / "new")).check()
    bring(tmp_path, "1", b"first")
    LayoutDestination(str(tmp_path)).check()
