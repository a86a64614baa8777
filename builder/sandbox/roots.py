"""The contract of what gives a process its root filesystem: kernel overlay, fuse-overlayfs or plain copies."""

from __future__ import annotations

from typing import Protocol

from builder.sandbox.spec import RootFs


class RootKind(Protocol):
    """One way to show the lower directories merged, with every change going to the upper one. All ways leave the same
    upper directory, so that a layer's bytes do not tell which one made it."""

    name: str
    needs_finish: bool
    """False: when the process has ended, `finish` would have nothing to do, so nobody has to wait for that."""

    def open(self, rootfs: RootFs) -> None:
        """Takes hold of the directories, before anything is mounted over them."""

    def mount(self, stubs: tuple[str, ...], place: str) -> None:
        """Shows the merged tree at `place`, an empty directory, to this mount namespace; `stubs` are more lower
        directories, on top of the others. Once, after `open`."""

    def finish(self, place: str) -> None:
        """Afterwards `upper` holds the difference in overlay form, and nothing is mounted at `place`."""
