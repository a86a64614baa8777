"""A new store, or one of an earlier version: every folder that it must have."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection

from builder.errors import StoreError
from builder.store.durable import sync_directory
from builder.store.refs import COPY, EMPTY_INDEX

LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
"""OCI image-spec, image-layout.md, section oci-layout file."""
LAYOUT_FILES = frozenset({"oci-layout", "index.json", COPY})
_BEFORE_LAYOUT = {"index.json", COPY, "index.json.new", "oci-layout.new", "damaged"}


def create(root: str, folders: Collection[str]) -> None:
    """Makes what is missing. Several processes may do so at once; `oci-layout` comes last and says it is whole."""
    os.makedirs(root, 0o700, exist_ok=True)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        names = set(os.listdir(root))
        if "oci-layout" not in names and not names <= _BEFORE_LAYOUT.union(folders):
            raise StoreError(
                "not-a-store",
                f"{root} holds something else than a store",
                hint="name an empty or a new directory with --root or PYBUILD_ROOT",
            )
        os.fchmod(fd, 0o700)
        for name in (*sorted(folders), "blobs/sha256"):
            os.makedirs(f"{root}/{name}", 0o700, exist_ok=True)
        for name, content in (("index.json", EMPTY_INDEX), ("oci-layout", LAYOUT)):
            if name not in names:
                _write_durably(root, name, content)
    finally:
        os.close(fd)


def layout_is_right(root: str) -> bool:
    try:
        with open(f"{root}/oci-layout", "rb") as file:
            return file.read(len(LAYOUT) + 1) == LAYOUT
    except OSError:
        return False


def write_layout(root: str) -> None:
    """For a store whose `oci-layout` is damaged."""
    _write_durably(root, "oci-layout", LAYOUT)


def _write_durably(folder: str, name: str, content: bytes) -> None:
    path = f"{folder}/{name}.new"
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path, f"{folder}/{name}")
    sync_directory(folder)
