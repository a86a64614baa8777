"""The root filesystem as the kernel's overlay."""

from __future__ import annotations

import contextlib
import os

from builder.sandbox import kernel
from builder.sandbox.identity import own_identities
from builder.sandbox.spec import RootFs

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class KernelOverlay:
    """Directories are named by descriptor: the kernel limits what it is told, and paths may hold any byte."""

    needs_finish = False

    def __init__(self, rootfs: RootFs) -> None:
        self._rootfs = rootfs

    def mount(self, stubs: tuple[str, ...], place: str) -> None:
        # Scratch: the kernel wants a lower directory, so it gets the empty one that it will cover.
        lowers = (*self._rootfs.lowers, *stubs) or (place,)
        _forget_volatile(self._rootfs.work)
        fds = [os.open(path, _FOLDER) for path in (self._rootfs.upper, self._rootfs.work, *reversed(lowers))]
        try:
            upper, work, *paths = (f"/proc/self/fd/{fd}" for fd in fds)
            options: dict[str, str | None] = dict(_options(self._rootfs.durable))
            options.update(upperdir=upper, workdir=work)
            mount_overlay(paths, options, place)
        finally:
            for fd in fds:
                os.close(fd)

    def finish(self, place: str) -> None:
        kernel.unmount(place)


def mount_overlay(lowers: list[str], options: dict[str, str | None], place: str, flags: int = 0) -> None:
    """`lowers` topmost first. One call, where Linux 6.5 would also take one for each directory: all options together
    must fit in a page, and 127 directories named by descriptor take 2.3 KB."""
    words = [key if value is None else f"{key}={value}" for key, value in options.items()]
    kernel.mount("overlay", place, "overlay", flags, ",".join([f"lowerdir={':'.join(lowers)}", *words]))


def _options(durable: bool) -> dict[str, str | None]:
    """`volatile` leaves out what processes sync, and a sync of the whole filesystem at unmount. The others keep the
    upper directory in the one form that layers understand: no renamed directories by reference, no copies of metadata
    alone. In a user namespace overlay's own marks are `user.` attributes, as `trusted.` ones need real root."""
    options: dict[str, str | None] = {} if durable else {"volatile": None}
    options |= {
        "redirect_dir": "nofollow",
        "metacopy": "off",
        "index": "off",
        "xino": "off",
    }
    if own_identities().in_user_namespace:
        options["userxattr"] = None
    return options


def _forget_volatile(work: str) -> None:
    """A volatile mount leaves a mark that keeps its work directory from being used again. Whether the upper directory
    reached the disk is the store's concern, and it has its own mark."""
    mark = f"{work}/work/incompat/volatile"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{mark}/dirty")
        os.rmdir(mark)
        os.rmdir(os.path.dirname(mark))
