"""An image as another tool finds it: an OCI layout, read with nothing but the standard library."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from tests.differential.flatten import BadLayerError, Tree, apply, empty_tree, entries, lines, members_of

OpenFile = Callable[[str], IO[bytes]]
"""From a name below the layout to a file at its start."""

_ATTESTATION = "vnd.docker.reference.type"


class Image(NamedTuple):
    config: dict[str, Any]
    """Without `created`, `history` and `rootfs`."""
    history: list[dict[str, Any]]
    """Without `created`."""
    files: dict[str, str]
    times: dict[str, int]
    diff_ids: tuple[str, ...]
    layers: tuple[dict[str, str], ...]
    """What each layer has, whiteouts too."""


def read_archive(path: str) -> Image:
    """The one image of a layout in a tar. Raises BadLayerError for a blob that is not what its digest says, too."""
    with tarfile.open(path, "r:", errors="surrogateescape") as archive:

        def open_member(name: str) -> IO[bytes]:
            content = archive.extractfile(name)
            if content is None:
                raise KeyError(name)
            return content

        return _read(open_member)


def read_layout(folder: str) -> Image:
    """The one image of a layout in a folder."""
    return _read(lambda name: open(os.path.join(folder, name), "rb"))


def _read(open_file: OpenFile) -> Image:
    manifest = _manifest(open_file)
    config = json.loads(_blob(open_file, manifest["config"]["digest"]))
    diff_ids = tuple(config.pop("rootfs")["diff_ids"] or ())
    layers = [layer["digest"] for layer in manifest["layers"] or ()]
    if len(layers) != len(diff_ids):
        raise BadLayerError(f"{len(layers)} layers, but {len(diff_ids)} diff ids")
    tree, contents = _files(open_file, layers, diff_ids)
    config.pop("created", None)
    history = config.pop("history", None) or []
    for entry in history:
        entry.pop("created", None)
    times = {"/" + name: node.mtime for name, node in tree.items()}
    return Image(config, history, lines(tree), times, diff_ids, contents)


def _manifest(open_file: OpenFile) -> dict[str, Any]:
    with open_file("index.json") as file:
        document: dict[str, Any] = json.load(file)
    while "manifests" in document:
        entries = [entry for entry in document["manifests"] if _ATTESTATION not in entry.get("annotations", {})]
        if len({entry["digest"] for entry in entries}) != 1:
            raise BadLayerError(f"{len(entries)} images where one was expected")
        document = json.loads(_blob(open_file, entries[0]["digest"]))
    return document


def _files(
    open_file: OpenFile, layers: list[str], diff_ids: tuple[str, ...]
) -> tuple[Tree, tuple[dict[str, str], ...]]:
    tree, contents = empty_tree(), []
    for digest, diff_id in zip(layers, diff_ids, strict=True):
        with open_file(_path(digest)) as packed:
            _check(packed, digest)
        with open_file(_path(digest)) as packed, gzip.open(packed) as unpacked:
            _check(unpacked, diff_id)
            unpacked.seek(0)
            with tarfile.open(fileobj=unpacked, mode="r:", errors="surrogateescape") as layer:
                members = members_of(layer)
                apply(tree, members)
                contents.append(entries(members))
    return tree, tuple(contents)


def _blob(open_file: OpenFile, digest: str) -> bytes:
    with open_file(_path(digest)) as file:
        _check(file, digest)
        file.seek(0)
        return file.read()


def _check(content: IO[bytes] | gzip.GzipFile, digest: str) -> None:
    found = hashlib.sha256()
    while data := content.read(1 << 20):
        found.update(data)
    if digest != f"sha256:{found.hexdigest()}":
        raise BadLayerError(f"{digest} has other content")


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
