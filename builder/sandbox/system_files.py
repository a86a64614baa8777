"""/proc and /sys as docker shows them: what tells too much is hidden, what steers the machine is read-only."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
from typing import NamedTuple

from builder.sandbox import kernel

# The lists of docker and containerd.
_MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
_READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_NO_EXEC = kernel.MS_NOSUID | kernel.MS_NOEXEC | kernel.MS_NODEV


class Fallbacks:
    """Copies of the machine's own mounts, taken before its root is left.

    In a user namespace the kernel refuses a fresh /proc where the existing one is covered in places (in a container),
    and a fresh /sys where the network belongs to the machine. Then the existing ones are shown instead.
    """

    def __init__(self, wanted: bool) -> None:
        self._clones = {path: kernel.clone_mount(path) for path in ("/proc", "/sys")} if wanted else {}

    def mount(self, kind: str, path: str, flags: int) -> None:
        try:
            kernel.mount(kind, path, kind, flags)
        except OSError as error:
            if error.errno != errno.EPERM or path not in self._clones:
                raise
            kernel.attach_mount(self._clones.pop(path), path)
            if flags & kernel.MS_RDONLY:
                kernel.make_tree_readonly(path)

    def close(self) -> None:
        for fd in self._clones.values():
            os.close(fd)


class Protected(NamedTuple):
    """What this kernel has of the lists: the same for every process, so it is looked up once."""

    readonly: tuple[str, ...]
    masked_files: tuple[str, ...]
    masked_folders: tuple[str, ...]


@functools.cache
def protected() -> Protected:
    return Protected(
        tuple(path for path in _READONLY if os.path.exists(path)),
        tuple(path for path in _MASKED if os.path.isfile(path)),
        tuple(path for path in _MASKED if os.path.isdir(path)),
    )


@functools.cache
def has_unified_cgroups() -> bool:
    return os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def mount_trees(fallbacks: Fallbacks) -> None:
    """Control groups, read-only, are seen only where all are in the unified tree: a namespace shows the process's own
    group as the root. Where the kernel refuses they are left out: nothing that a build runs depends on them."""
    fallbacks.mount("proc", "/proc", _NO_EXEC)
    fallbacks.mount("sysfs", "/sys", _NO_EXEC | kernel.MS_RDONLY)
    if has_unified_cgroups():
        with contextlib.suppress(OSError):
            kernel.mount("cgroup2", "/sys/fs/cgroup", "cgroup2", _NO_EXEC | kernel.MS_RDONLY)


def protect() -> None:
    for path in protected().readonly:
        kernel.mount(path, path, "", kernel.MS_BIND | kernel.MS_REC)
        kernel.mount("", path, "", kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _NO_EXEC)
    for path in protected().masked_files:
        kernel.mount("/dev/null", path, "", kernel.MS_BIND)
    for path in protected().masked_folders:
        kernel.mount("tmpfs", path, "tmpfs", kernel.MS_RDONLY, "mode=555")
