"""The store of one machine and user: opened by every command, shared by all that run."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from types import TracebackType

from builder.errors import StoreError
from builder.lean import sha256_hex
from builder.store.blobs import Blobs
from builder.store.durable import sync_directory
from builder.store.failures import storing
from builder.store.layers import LayerBlobs
from builder.store.locks import FileLock
from builder.store.refs import EMPTY_INDEX, Refs
from builder.store.snapshots import Snapshots
from builder.store.tables import Tables
from builder.store.temporary import Temporary

LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
"""OCI image-spec, image-layout.md, section oci-layout file."""
FOLDERS = frozenset(
    {"blobs", "snapshots", "tables", "layers", "cache", "plans", "builds", "containers", "contexts", "sources", "locks"}
    | {"tmp"}
)
_BEFORE_LAYOUT = {"index.json", "index.json.new", "oci-layout.new"}


def default_root(env: Mapping[str, str], uid: int) -> str:
    """Where the store is when no one says `--root` (DESIGN, section 4; XDG base directory specification)."""
    if env.get("PYBUILD_ROOT"):
        return os.path.abspath(env["PYBUILD_ROOT"])
    if uid == 0:
        return "/var/lib/pybuild"
    if os.path.isabs(env.get("XDG_DATA_HOME", "")):
        return f"{env['XDG_DATA_HOME']}/pybuild"
    if not os.path.isabs(env.get("HOME", "")):
        raise StoreError("no-root", "no place for the store is known: HOME is not set", hint="say --root DIR")
    return f"{env['HOME']}/.local/share/pybuild"


class Store:
    """Open from `open` to `close`, and a context manager. Safe to share between threads."""

    def __init__(self, root: str) -> None:
        """Use `open`."""
        self.root = root
        self.temporary = Temporary(self.folder("tmp"))
        self.blobs = Blobs(f"{root}/blobs", self.temporary)
        self.refs = Refs(root, self.temporary)
        self.snapshots = Snapshots(f"{root}/snapshots", self.temporary)
        self.tables = Tables(f"{root}/tables", self.temporary)
        self.layers = LayerBlobs(f"{root}/layers", self.blobs, self.temporary)
        self.in_use = FileLock(f"{root}/locks/store")
        """Held shared by every process that has the store open, and exclusively by garbage collection."""

    @classmethod
    def open(cls, root: str) -> Store:
        """The store at `root`, made if it is not there. Waits while garbage collection runs. What killed processes
        left is cleared away. Raises StoreError `not-a-store` for a directory that holds something else."""
        root = os.path.abspath(root)
        with storing(root):
            if not _is_whole(root):
                _create(root)
            store = cls(root)
            store.in_use.shared()
            if os.listdir(store.folder("tmp")):
                from builder.store.recovery import clear_leftovers

                clear_leftovers(store)
        return store

    def folder(self, name: str) -> str:
        """The private folder of another room, e.g. `cache`: one of FOLDERS."""
        if name not in FOLDERS:
            raise ValueError(name)
        return f"{self.root}/{name}"

    def place(self, folder: str, name: str) -> str:
        """The path in a private folder of what is kept for `name`, which may be any text, such as a path."""
        return f"{self.folder(folder)}/{sha256_hex(os.fsencode(name))[:40]}"

    def settle(self) -> None:
        """Afterwards all that was written through this object is durable. Free when nothing was. Setting a ref does
        it first, and closing does."""
        self.temporary.settle()

    def close(self) -> None:
        """Settles and lets go. Safe to repeat."""
        try:
            self.temporary.close()
        finally:
            self.in_use.release()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_whole(root: str) -> bool:
    """Whether a store of this version is there, private to its owner."""
    try:
        with open(f"{root}/oci-layout", "rb") as file:
            layout = file.read(1024)
        status = os.stat(root)
        names = os.listdir(root)
    except FileNotFoundError:
        return False
    if b'"1.0.0"' not in layout:
        raise StoreError("not-a-store", f"{root} is an OCI layout of an unknown version", hint="choose another --root")
    return not status.st_mode & 0o077 and FOLDERS.issubset(names)


def _create(root: str) -> None:
    """Makes what is missing. Several processes may do so at once; `oci-layout` comes last and says it is whole."""
    os.makedirs(root, 0o700, exist_ok=True)
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        names = set(os.listdir(root))
        if "oci-layout" not in names and not names <= FOLDERS | _BEFORE_LAYOUT:
            raise StoreError(
                "not-a-store",
                f"{root} holds something else than a store",
                hint="name an empty or a new directory with --root or PYBUILD_ROOT",
            )
        os.fchmod(fd, 0o700)
        for name in (*sorted(FOLDERS), "blobs/sha256"):
            os.makedirs(f"{root}/{name}", 0o700, exist_ok=True)
        for name, content in (("index.json", EMPTY_INDEX), ("oci-layout", LAYOUT)):
            if name not in names:
                _write_durably(root, name, content)
    finally:
        os.close(fd)


def _write_durably(folder: str, name: str, content: bytes) -> None:
    path = f"{folder}/{name}.new"
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path, f"{folder}/{name}")
    sync_directory(folder)
