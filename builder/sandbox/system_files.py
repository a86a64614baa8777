"""/proc and /sys as docker shows them: what tells too much is hidden, what steers the machine is read-only."""

from __future__ import annotations

import contextlib
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


class Trees(NamedTuple):
    """The two trees as mounts that are not attached yet."""

    proc: int
    sys: int


def prepare_trees(*, writable: bool = False) -> Trees:
    """To be called while the machine's own trees can still be seen: in a user namespace the kernel allows a fresh one
    only beside one that is seen whole. Where it refuses (in a container that covers parts of /proc; /sys, where the
    network belongs to the machine) the existing ones are shown instead."""
    readonly = 0 if writable else kernel.MOUNT_ATTR_RDONLY
    return Trees(_fresh_or_shared("proc", "/proc", 0), _fresh_or_shared("sysfs", "/sys", readonly))


def _fresh_or_shared(kind: str, path: str, attributes: int) -> int:
    attributes |= kernel.MOUNT_ATTR_PLAIN
    try:
        filesystem = kernel.open_filesystem(kind)
        try:
            return kernel.create_mount(filesystem, attributes)
        finally:
            os.close(filesystem)
    except PermissionError:
        tree = kernel.clone_mount(path)
        kernel.change_mount(tree, attributes)
        return tree


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


def attach_trees(trees: Trees) -> None:
    """Control groups, read-only, are seen only where all are in the unified tree: a namespace shows the process's own
    group as the root. Where the kernel refuses they are left out: nothing that a build runs depends on them."""
    kernel.attach_mount(trees.proc, "/proc")
    kernel.attach_mount(trees.sys, "/sys")
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
