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


def show_proc(place: str, *, insecure: bool) -> None:
    """Mounts it at `place`/proc, beside a /dev, protected unless `insecure`.

    To be called while the machine's own trees can still be seen: in a user namespace the kernel allows a fresh one only
    beside one that is seen whole. Where it refuses (in a container that covers parts of /proc; /sys, where the network
    belongs to the machine) the existing one is shown instead."""
    kernel.attach_mount(_fresh_or_shared("proc", "/proc", 0), f"{place}/proc")
    if not insecure:
        _protect(place, "/proc/")


def show_sys(place: str, *, insecure: bool) -> None:
    """Mounts it at `place`/sys, as `show_proc` does.

    Control groups, read-only, are seen only where all are in the unified tree: a namespace shows the process's own
    group as the root. Where the kernel refuses they are left out: nothing that a build runs depends on them."""
    readonly = 0 if insecure else kernel.MOUNT_ATTR_RDONLY
    kernel.attach_mount(_fresh_or_shared("sysfs", "/sys", readonly), f"{place}/sys")
    if has_unified_cgroups():
        with contextlib.suppress(OSError):
            kernel.mount("cgroup2", f"{place}/sys/fs/cgroup", "cgroup2", _NO_EXEC | kernel.MS_RDONLY)
    if not insecure:
        _protect(place, "/sys/")


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


def _protect(place: str, tree: str) -> None:
    readonly, files, folders = ([place + path for path in paths if path.startswith(tree)] for paths in protected())
    for path in readonly:
        kernel.mount(path, path, "", kernel.MS_BIND | kernel.MS_REC)
        kernel.mount("", path, "", kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _NO_EXEC)
    for path in files:
        kernel.mount(f"{place}/dev/null", path, "", kernel.MS_BIND)
    for path in folders:
        kernel.mount("tmpfs", path, "tmpfs", kernel.MS_RDONLY, "mode=555")
