"""Small images as OCI layouts, written by hand: tests of readers must not depend on our writers."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Files = Mapping[str, bytes]
"""Path to content; a path that ends in a slash is a directory."""

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"


class Written(NamedTuple):
    manifest: str
    config: str
    layers: tuple[str, ...]
    diff_ids: tuple[str, ...]


def layer_tar(files: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(path.rstrip("/"))
            if path.endswith("/"):
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def write_image(folder: str, layers: Sequence[Files], platform: str = "linux/amd64", **run: object) -> Written:
    """Adds an image to the layout at `folder` without naming it; `run` are members of its `config`."""
    system, architecture, *variant = platform.split("/")
    tars = [layer_tar(files) for files in layers]
    config: dict[str, object] = {
        "architecture": architecture,
        "os": system,
        "created": "2024-05-06T07:08:09Z",
        "config": run or {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]},
        "history": [{"created": "2024-05-06T07:08:09Z", "created_by": f"layer {n}"} for n in range(len(tars))],
    }
    if variant:
        config["variant"] = variant[0]
    blobs = [_descriptor(folder, LAYER, gzip.compress(tar, mtime=0)) for tar in tars]
    config_blob = _descriptor(folder, CONFIG, json.dumps(config).encode())
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config_blob, "layers": blobs}
    descriptor = _descriptor(folder, MANIFEST, json.dumps(manifest).encode())
    digests = tuple(str(blob["digest"]) for blob in blobs)
    rootfs: object = config["rootfs"]
    assert isinstance(rootfs, dict)
    return Written(str(descriptor["digest"]), str(config_blob["digest"]), digests, tuple(rootfs["diff_ids"]))


def name_image(folder: str, tag: str, manifests: Mapping[str, Written]) -> None:
    """Gives `tag` to one image (platform "") or to an index of several, by platform."""
    entries = []
    for platform, written in manifests.items():
        size = os.path.getsize(os.path.join(folder, "blobs", "sha256", written.manifest.partition(":")[2]))
        entry: dict[str, object] = {"mediaType": MANIFEST, "digest": written.manifest, "size": size}
        if platform:
            keys = ("os", "architecture", "variant")
            entry["platform"] = dict(zip(keys, platform.split("/"), strict=False))
        entries.append(entry)
    if list(manifests) != [""]:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        entries = [_descriptor(folder, INDEX, json.dumps(index).encode())]
    entries[0]["annotations"] = {"org.opencontainers.image.ref.name": tag}
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, file)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="utf-8") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)


def write_layout(folder: str, layers: Sequence[Files], tag: str = "latest", **run: object) -> Written:
    """A layout with one image of one platform."""
    written = write_image(folder, layers, "linux/amd64", **run)
    name_image(folder, tag, {"": written})
    return written


def write_referrer(folder: str, tag: str, subject: str, artifact_type: str) -> str:
    """A layout with one manifest that refers to `subject`, which is elsewhere. Returns its digest."""
    about = {"mediaType": INDEX, "digest": subject, "size": 1}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type, "subject": about}
    empty = _descriptor(folder, "application/vnd.oci.empty.v1+json", b"{}")
    data = json.dumps({**manifest, "config": empty, "layers": []}).encode()
    digest = str(_descriptor(folder, MANIFEST, data)["digest"])
    name_image(folder, tag, {"": Written(digest, str(empty["digest"]), (), ())})
    return digest


def _descriptor(folder: str, media_type: str, data: bytes) -> dict[str, object]:
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)
    hexdigest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(blobs, hexdigest), "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": f"sha256:{hexdigest}", "size": len(data)}
