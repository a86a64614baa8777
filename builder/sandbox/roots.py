"""What gives a process its root filesystem: the contract, and which ways there are."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from builder.errors import SandboxError
from builder.sandbox.spec import RootFs


class RootKind(Protocol):
    """One way to show the lower directories merged, with every change going to the upper one. All ways leave the same
    upper directory, so that a layer's bytes do not tell which one made it."""

    needs_finish: bool
    """False: when the process has ended, `finish` would have nothing to do, so nobody has to wait for that."""

    def __init__(self, rootfs: RootFs) -> None:
        """Made for one run."""

    def mount(self, stubs: tuple[str, ...], place: str) -> None:
        """Shows the merged tree at `place`, an empty directory, to this mount namespace; `stubs` are more lower
        directories, on top of the others. Raises OSError where this machine or this filesystem cannot."""

    def finish(self, place: str) -> None:
        """Afterwards `upper` holds the difference in overlay form, and nothing is mounted at `place`."""


ROOT_KINDS = {
    "overlay": ("builder.sandbox.overlay", "KernelOverlay"),
    "fuse": ("builder.sandbox.fuse", "FuseOverlay"),
    "copy": ("builder.sandbox.plain_copy", "PlainCopy"),
}
"""Module and class, in the order in which they are tried."""


def _each_once(lowers: tuple[str, ...]) -> tuple[str, ...]:
    """Each directory where it stands topmost: there it hides whatever it has below. The kernel's overlay refuses to
    have one twice, but layers that are the same (a RUN that changed nothing, twice) share a directory."""
    return tuple(dict.fromkeys(reversed(lowers)))[::-1]


def mount_first(names: tuple[str, ...], rootfs: RootFs, stubs: tuple[str, ...], place: str) -> RootKind:
    """The first kind that can, mounted. What a directory's filesystem allows shows only when it is tried."""
    rootfs = rootfs._replace(lowers=_each_once(rootfs.lowers))
    reasons = []
    for name in names:
        module, kind = ROOT_KINDS[name]
        root: RootKind = getattr(import_module(module), kind)(rootfs)
        try:
            root.mount(stubs, place)
        except OSError as error:
            reasons.append(f"{name}: {error.strerror or error}")
        else:
            return root
    raise SandboxError(
        "no-root-filesystem",
        f"the image's layers cannot be put together: {'; '.join(reasons)}",
        hint="`pybuild doctor` says what is missing and how to get it",
    )
