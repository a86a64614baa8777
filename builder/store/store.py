"""The store of one machine and user: opened by every command, shared by all that run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property

from builder.errors import StoreError
from builder.lean import TYPE_CHECKING, sha256_hex
from builder.store.blobs import Blobs
from builder.store.failures import storing
from builder.store.presence import Presence
from builder.store.refs import Refs
from builder.store.temporary import Temporary

if TYPE_CHECKING:
    from types import TracebackType

    from builder.model.descriptor import Descriptor
    from builder.store.layers import LayerBlobs
    from builder.store.snapshots import Snapshots
    from builder.store.tables import Tables

FOLDERS = frozenset(
    {"blobs", "snapshots", "tables", "layers", "cache", "plans", "builds", "containers", "contexts", "sources", "locks"}
    | {"cachemounts", "mounts", "shown", "tmp", "volumes", "history", "registry"}
)


def default_root(env: Mapping[str, str], uid: int) -> str:
    """Where the store is when no one says `--root` (DESIGN, section 4; XDG base directory specification)."""
    if env.get("PYBUILD_ROOT"):
        return os.path.abspath(env["PYBUILD_ROOT"])
    if uid == 0:
        return "/var/lib/pybuild"
    if os.path.isabs(env.get("XDG_DATA_HOME", "")):
        return f"{env['XDG_DATA_HOME']}/pybuild"
    if not os.path.isabs(env.get("HOME", "")):
        raise StoreError(
            "no-root", "no place for the store is known: HOME is not set, or not absolute", hint="say --root DIR"
        )
    return f"{env['HOME']}/.local/share/pybuild"


class Store:
    """Open from `open` to `close`, and a context manager. Safe to share between threads."""

    def __init__(self, root: str) -> None:
        """Use `open`."""
        self.root = root
        self.presence = Presence(f"{root}/locks/store")
        self.temporary = Temporary(self.folder("tmp"), self.presence)
        self.blobs = Blobs(f"{root}/blobs", self.temporary, self.presence)
        self.refs = Refs(root, self.temporary, self._hold)

    @cached_property
    def snapshots(self) -> Snapshots:
        from builder.store.snapshots import Snapshots

        return Snapshots(f"{self.root}/snapshots", self.temporary, self.presence)

    @cached_property
    def tables(self) -> Tables:
        from builder.store.tables import Tables

        return Tables(f"{self.root}/tables", self.temporary, self.presence)

    @cached_property
    def layers(self) -> LayerBlobs:
        from builder.store.layers import LayerBlobs

        return LayerBlobs(f"{self.root}/layers", self.blobs, self.temporary)

    @classmethod
    def open(cls, root: str) -> Store:
        """The store at `root`, made if it is not there. What killed processes left is cleared away. Raises
        StoreError `not-a-store` for a directory that holds something else."""
        root = os.path.abspath(root)
        with storing(root):
            if not _is_whole(root):
                from builder.store.create import create

                create(root, FOLDERS)
            store = cls(root)
            store.presence.begin()
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

    def _hold(self, name: str, descriptor: Descriptor) -> None:
        from builder.store.hold import hold

        hold(self.blobs, name, descriptor)

    def settle(self) -> None:
        """Afterwards all that was written through this object is durable. Free when nothing was. Setting a ref does
        it first, and closing does."""
        self.temporary.settle()

    def close(self) -> None:
        """Settles and lets go. Safe to repeat."""
        try:
            self.temporary.close()
        finally:
            self.presence.end()

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
        hint = "choose another --root; if this was a store: `pybuild store check --repair`"
        raise StoreError("not-a-store", f"{root} is an OCI layout of an unknown version", hint=hint)
    return not status.st_mode & 0o077 and FOLDERS.issubset(names)
