"""The root filesystem as the kernel's overlay."""

from __future__ import annotations

import errno
import os
import shutil

from builder.sandbox import kernel
from builder.sandbox.identity import own_identities
from builder.sandbox.spec import RootFs


class KernelOverlay:
    """Mounts are made through descriptors: the kernel limits an option to 255 bytes, and paths may hold any byte."""

    name = "overlay"

    def mount(self, rootfs: RootFs, target: str) -> None:
        work = os.path.join(rootfs.work, "overlay")
        os.mkdir(work, 0o700)
        lowers = rootfs.lowers
        if not lowers:  # scratch: the kernel wants a lower directory
            empty = os.path.join(rootfs.work, "empty")
            os.mkdir(empty, 0o755)
            lowers = (empty,)
        fds = [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in (rootfs.upper, work, *lowers)]
        try:
            upper_path, work_path, *lower_paths = (f"/proc/self/fd/{fd}" for fd in fds)
            options = _options()
            options.update(upperdir=upper_path, workdir=work_path)
            _mount(lower_paths[::-1], options, target)
        finally:
            for fd in fds:
                os.close(fd)

    def add_lower(self, rootfs: RootFs, lower: str, target: str) -> None:
        kernel.unmount(target)
        shutil.rmtree(os.path.join(rootfs.work, "overlay"))
        self.mount(rootfs._replace(lowers=(*rootfs.lowers, lower)), target)

    def finish(self, _rootfs: RootFs, target: str) -> None:
        """The upper directory is the difference already."""
        kernel.unmount(target)


def _mount(lowers: list[str], options: dict[str, str | None], target: str) -> None:
    """`lowers` topmost first. `lowerdir+` takes one layer at a time (Linux 6.5); before, one colon-separated option."""
    filesystem = kernel.open_filesystem("overlay")
    try:
        kernel.configure(filesystem, "source", "overlay")
        for path in lowers:
            kernel.configure(filesystem, "lowerdir+", path)
        for key, value in options.items():
            kernel.configure(filesystem, key, value)
        kernel.attach_mount(kernel.create_mount(filesystem), target)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        _mount_by_one_option(lowers, options, target)
    finally:
        os.close(filesystem)


def _mount_by_one_option(lowers: list[str], options: dict[str, str | None], target: str) -> None:
    """All options together must fit in a page: 127 lower directories named by descriptor take 2.3 KB."""
    words = [key if value is None else f"{key}={value}" for key, value in options.items()]
    kernel.mount("overlay", target, "overlay", 0, ",".join([f"lowerdir={':'.join(lowers)}", *words]))


def _options() -> dict[str, str | None]:
    """`volatile` leaves out a sync of the whole filesystem at unmount. The others keep the upper directory in the one
    form that layers understand: no renamed directories by reference, no copies of metadata alone. In a user namespace
    overlay's own marks are `user.` attributes, as `trusted.` ones need real root."""
    options: dict[str, str | None] = {
        "volatile": None,
        "redirect_dir": "nofollow",
        "metacopy": "off",
        "index": "off",
        "xino": "off",
    }
    if own_identities().in_user_namespace:
        options["userxattr"] = None
    return options
