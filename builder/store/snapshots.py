"""Unpacked layers: one directory per diff id, in overlayfs form, never changed once it is there.

Derived from blobs: one that is absent is unpacked again.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress

from builder.lean import NamedTuple
from builder.model.digest import Digest, is_hex
from builder.store.failures import storing
from builder.store.presence import Presence
from builder.store.temporary import Temporary, bury
from builder.store.trees import Remover, remove_tree

_CONTENT = "fs"
_DEAD = ".dead."


class Staging(NamedTuple):
    """A place to make a snapshot in, on the filesystem of the snapshots."""

    root: str
    upper: str
    """Empty, 0755: apply a layer here, or use it as an overlay's upper directory."""
    work: str
    """Not there yet: a place for an overlay's work directory, which may stay as the overlay leaves it."""


class Snapshots:
    """Safe to share between threads and processes."""

    def __init__(self, folder: str, temporary: Temporary, presence: Presence) -> None:
        self._folder = folder
        self._temporary = temporary
        self._presence = presence

    def path(self, diff_id: Digest) -> str | None:
        """The directory that holds the layer's files; None when the layer is not unpacked. It stays for as long as we
        have the store open."""
        return self._place(diff_id) if self.is_whole(diff_id) and self._presence.keep(self.folder(diff_id)) else None

    def is_whole(self, diff_id: Digest) -> bool:
        """Whether the layer is unpacked. For who looks without using it."""
        return os.path.isdir(self._place(diff_id))

    @contextmanager
    def staging(self, remover: Remover = remove_tree) -> Generator[Staging]:
        """A fresh place, removed at the end unless a snapshot was adopted from it."""
        with storing(self._folder):
            root = self._temporary.directory()
            staging = Staging(root, f"{root}/{_CONTENT}", f"{root}/work")
            os.mkdir(staging.upper, 0o755)
            os.chmod(staging.upper, 0o755)  # noqa: S103 - the root directory of a container, whatever the umask
        try:
            yield staging
        finally:
            if os.path.lexists(root):  # a Remover may cost a message to another process
                with storing(root):
                    bury(root, remover)

    def adopt(self, diff_id: Digest, staging: Staging) -> str:
        """Makes `staging.upper` the snapshot of `diff_id` and returns its path from now on. When another process or
        thread was first, that one is used, and ours goes with the end of the staging."""
        place = self._place(diff_id)
        with storing(place):
            try:
                self._temporary.publish(staging.root, self.folder(diff_id))
            except OSError:
                if self.path(diff_id) is None:
                    raise
        return place

    def remove(self, diff_id: Digest, remover: Remover = remove_tree) -> None:
        """Afterwards the snapshot is gone. Killed in the middle, what is left is never taken for a snapshot."""
        dead = f"{self._folder}/{diff_id.hex}{_DEAD}{os.urandom(4).hex()}"
        with storing(self._folder):
            try:
                os.rename(self.folder(diff_id), dead)
            except FileNotFoundError:
                return
            with suppress(PermissionError):
                remover(dead)

    def bury_dead(self, remover: Remover) -> None:
        """Removes what earlier removals left, for want of rights or time."""
        with storing(self._folder):
            for name in os.listdir(self._folder):
                if _DEAD in name:
                    remover(f"{self._folder}/{name}")

    def all(self) -> list[Digest]:
        """The diff ids that are unpacked, sorted."""
        return [Digest.from_hex(name) for name in sorted(os.listdir(self._folder)) if is_hex(name)]

    def folder(self, diff_id: Digest) -> str:
        """What is renamed and removed as a whole; the files stand below it."""
        return f"{self._folder}/{diff_id.hex}"

    def _place(self, diff_id: Digest) -> str:
        return f"{self.folder(diff_id)}/{_CONTENT}"
