"""Images in a store, put there file by file: tests of commands must not depend on the commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence

from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.media_types import OCI_INDEX, OCI_MANIFEST
from builder.store.store import Store
from tests.support.layouts import Files, Written, name_image, write_image


def put_image(root: str, name: str, layers: Sequence[Files], platform: str = "linux/amd64", **run: object) -> Written:
    """An image of one platform; `run` are members of its `config`."""
    folder = f"{root}.layouts"
    written = write_image(folder, layers, platform, **run)
    _adopt(root, folder, name, OCI_MANIFEST, written.manifest)
    return written


def put_index(root: str, name: str, images: Mapping[str, Sequence[Files]]) -> dict[str, Written]:
    """One name for several platforms."""
    folder = f"{root}.layouts"
    written = {platform: write_image(folder, layers, platform) for platform, layers in images.items()}
    name_image(folder, name, written)
    with open(f"{folder}/index.json", "rb") as file:
        top = file.read().partition(b'"digest": "')[2].partition(b'"')[0].decode()
    _adopt(root, folder, name, OCI_INDEX, top)
    return written


def _adopt(root: str, folder: str, name: str, media_type: str, digest: str) -> None:
    with Store.open(root) as store:
        shutil.copytree(f"{folder}/blobs", f"{root}/blobs", dirs_exist_ok=True)
        size = os.path.getsize(store.blobs.path(Digest(digest)))
        store.refs.set(name, Descriptor(media_type, Digest(digest), size))
