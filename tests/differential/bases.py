"""The images that cases start from, as OCI layouts written by hand.

base      sh and coreutils of this machine, and below /old a bit of everything to copy over, remove and link to
bare      the same without /dev, /proc and /sys, which images usually have
naked     the same without /etc and /tmp, too
dressed   no programs; a configuration with every member set
triggers  base with ONBUILD instructions
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import platform
import tarfile
from collections.abc import Sequence
from typing import Any

from tests.differential.materials import tar_of
from tests.support.rootfs import make_rootfs

NAMES = ("base", "triggers", "naked", "bare", "dressed")

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CREATED = "2024-05-06T07:08:09Z"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

_OLD: list[dict[str, Any]] = [
    {"name": "old", "directory": True},
    {"name": "old/dir", "directory": True, "mode": "0750", "owner": "12:34"},
    {"name": "old/dir/a", "text": "old a\n"},
    {"name": "old/dir/b", "text": "old b\n", "mode": "0600", "owner": "5:6"},
    {"name": "old/dir/sub", "directory": True, "mode": "0700"},
    {"name": "old/dir/sub/c", "text": "old c\n"},
    {"name": "old/empty", "directory": True, "mode": "0711", "owner": "7:8"},
    {"name": "old/file", "text": "old file\n"},
    {"name": "old/hard1", "text": "hard\n"},
    {"name": "old/hard2", "hardlink": "old/hard1"},
    {"name": "old/suid", "text": "suid\n", "mode": "4755"},
    {"name": "old/fifo", "fifo": True},
    {"name": "old/to-dir", "symlink": "dir"},
    {"name": "old/to-dir-absolute", "symlink": "/old/dir"},
    {"name": "old/to-dir-far-up", "symlink": "../../../../old/dir"},
    {"name": "old/to-file", "symlink": "file"},
    {"name": "old/dangling", "symlink": "/nowhere/at/all"},
    {"name": "old/loop", "symlink": "loop"},
    {"name": "old/gone", "text": "to be removed by the next layer\n"},
    {"name": "old/opaque", "directory": True},
    {"name": "old/opaque/hidden", "text": "hidden\n"},
    {"name": "old/named", "text": "named\n", "xattrs": {"user.note": "kept"}},
]
_NEWER: list[dict[str, Any]] = [
    {"name": "old", "directory": True},
    {"name": "old/.wh.gone", "text": ""},
    {"name": "old/opaque", "directory": True, "mode": "0701"},
    {"name": "old/opaque/.wh..wh..opq", "text": ""},
    {"name": "old/opaque/seen", "text": "seen\n"},
]
_MOUNT_POINTS = [{"name": name, "directory": True} for name in ("dev", "proc", "sys")]
_DRESS: dict[str, Any] = {
    "User": "alice:staff",
    "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
    "Env": ["PATH=/opt/bin:/bin", "FIRST=1", "SECOND=two words"],
    "Entrypoint": ["/enter", "--first"],
    "Cmd": ["serve"],
    "Volumes": {"/data": {}},
    "WorkingDir": "/work/place",
    "Labels": {"one": "1", "two": "2"},
    "StopSignal": "SIGINT",
    "Shell": ["/bin/other", "-c"],
    "Healthcheck": {"Test": ["CMD", "/check"], "Interval": 30_000_000_000, "Retries": 4},
}
_PLAIN: dict[str, Any] = {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]}
_TRIGGERS = ["COPY --chown=3 trigger /from/", "RUN echo $WHO > /from/who", "ENV FROM_TRIGGER=yes", "WORKDIR made"]


def make_bases(folder: str) -> dict[str, str]:
    """From name to layout directory. Each layout has one image, tagged `latest`."""
    rootfs = _rootfs(os.path.join(folder, "rootfs"))
    bare = [rootfs, tar_of(_OLD, "pax"), tar_of(_NEWER, "pax")]
    layers = [*bare, tar_of(_MOUNT_POINTS)]
    small = [tar_of([{"name": "enter", "text": "#!\n", "mode": "0755"}, {"name": "work", "directory": True}])]
    places = {name: os.path.join(folder, name) for name in NAMES}
    _write(places["base"], layers, _PLAIN)
    _write(places["bare"], bare, _PLAIN)
    _write(places["naked"], [*bare, tar_of([{"name": f".wh.{name}", "text": ""} for name in ("etc", "tmp")])], _PLAIN)
    _write(places["dressed"], small, _DRESS, author="Somebody Else")
    _write(places["triggers"], layers, _PLAIN | {"OnBuild": _TRIGGERS, "Env": ["PATH=/bin", "WHO=base"]})
    return places


def manifest_digest(layout: str) -> str:
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        digest: str = json.load(file)["manifests"][0]["digest"]
    return digest


def _rootfs(folder: str) -> bytes:
    make_rootfs(folder)
    path = f"{folder}.tar"

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 1_000_000_000
        return member

    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(os.listdir(folder)):
            archive.add(os.path.join(folder, name), name, filter=plain)
    with open(path, "rb") as file:
        return file.read()


def _write(folder: str, layers: Sequence[bytes], run: dict[str, Any], **more: str) -> None:
    history = [{"created": _CREATED, "created_by": f"layer {number}"} for number in range(len(layers))]
    config = {
        "architecture": ARCHITECTURE,
        "os": "linux",
        "created": _CREATED,
        **more,
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]},
        "history": [*history, {"created": _CREATED, "created_by": "words", "comment": "made up", "empty_layer": True}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _blob(folder, _CONFIG, json.dumps(config).encode()),
        "layers": [_blob(folder, _LAYER, gzip.compress(layer, 1, mtime=0)) for layer in layers],
    }
    entry = _blob(folder, _MANIFEST, json.dumps(manifest).encode())
    entry["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    for name, document in {
        "index.json": {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [entry]},
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
    }.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(document, file)


def _blob(folder: str, media_type: str, data: bytes) -> dict[str, Any]:
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)
    name = hashlib.sha256(data).hexdigest()
    with open(os.path.join(blobs, name), "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(data)}
