"""What every run needs, whatever it is: its namespaces, and the kernel's trees as it will see them.

None of it depends on the image or the command, so the process that waits for the next run makes it while the run before
goes on, and a run only moves the trees into its root filesystem: half of what a small run took before its exec.
"""

from __future__ import annotations

import functools
import os
from typing import NamedTuple

from builder.sandbox import devices, kernel, system_files

SCRATCH = "/dev/pts"
"""A directory that every Linux has, and in which no run looks for anything of the machine's: covered by a tmpfs that
only this mount namespace sees, so that nothing is left to be removed."""


class KernelTrees(NamedTuple):
    """Mounted, each with all that is mounted below it, but not yet where the run will see them."""

    place: str
    insecure: bool

    def move_to(self, root: str) -> None:
        """Into a root filesystem in which each has a directory to stand on, that is no symlink."""
        for name in ("dev", "proc", "sys"):
            kernel.move_mount(f"{self.place}/{name}", f"{root}/{name}")

    def leave_network(self) -> None:
        """For a network namespace of its own: /sys tells of the namespace in which it was mounted."""
        kernel.unshare(kernel.CLONE_NEWNET)
        kernel.unmount(f"{self.place}/sys", kernel.MNT_DETACH)
        system_files.show_sys(self.place, insecure=self.insecure)


@functools.cache
def scratch() -> str:
    """The scratch space of this process, empty when it is first asked for."""
    kernel.mount("tmpfs", SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=700")
    return SCRATCH


@functools.cache
def kernel_trees() -> KernelTrees:
    """Of this process, in namespaces of its own."""
    enter_namespaces()
    return make_trees(f"{scratch()}/trees")


@functools.cache
def enter_namespaces() -> None:
    """Those that need nothing of the spec."""
    flags = kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    if system_files.has_unified_cgroups():
        flags |= kernel.CLONE_NEWCGROUP
    kernel.unshare(flags)


def make_trees(place: str, *, insecure: bool = False) -> KernelTrees:
    """For the pid namespace that this process is in. `place` is a new directory; `insecure`: nothing is hidden or
    read-only."""
    before = os.umask(0)
    try:
        for path in (place, f"{place}/dev", f"{place}/proc", f"{place}/sys"):
            os.mkdir(path, 0o755)
        devices.show_dev(place, insecure=insecure)
        system_files.show_proc(place, insecure=insecure)
        system_files.show_sys(place, insecure=insecure)
    finally:
        os.umask(before)
    return KernelTrees(place, insecure)
