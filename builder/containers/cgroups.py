"""Limits on memory, processors and processes, by control groups of either version, where we may make one."""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

from builder.containers.types import Limits
from builder.errors import SandboxError

__all__ = ["Group", "Limits", "make"]

ROOT = "/sys/fs/cgroup"
_PARENT = "pybuild"
_PERIOD = 100_000
_CONTROLLERS = ("memory", "cpu", "pids")


class Group(NamedTuple):
    """Of one container; without folders there is none."""

    folders: tuple[str, ...] = ()

    def enter(self) -> None:
        """This process, and all that it will start."""
        for folder in self.folders:
            _write(f"{folder}/cgroup.procs", "0")

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended a process for want of memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError), open(f"{folder}/{name}", encoding="ascii") as file:
                    counts = dict(line.split() for line in file)
                    return int(counts.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        for folder in self.folders:
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def make(identifier: str, limits: Limits, root: str = ROOT) -> Group:
    """Raises SandboxError `no-cgroups` where a limit cannot be set."""
    if limits == Limits():
        return Group()
    try:
        if os.path.exists(f"{root}/cgroup.controllers"):
            return _unified(identifier, limits, root)
        return _separate(identifier, limits, root)
    except OSError as error:
        asked = [name for name, value in limits._asdict().items() if value]
        raise SandboxError(
            "no-cgroups",
            f"this machine lets us set no limit on {', '.join(asked)}: {error.strerror} ({error.filename})",
            hint="control groups are root's, unless they are delegated: systemd-run --user --scope -p Delegate=yes ...",
        ) from error


def left_by(identifier: str, root: str = ROOT) -> Group:
    """Where the monitor was killed before it could remove it."""
    places = [f"{root}/{_PARENT}/{identifier}", *(f"{root}/{name}/{_PARENT}/{identifier}" for name in _CONTROLLERS)]
    return Group(tuple(place for place in places if os.path.isdir(place)))


def _unified(identifier: str, limits: Limits, root: str) -> Group:
    wanted = [name for name, value in (("memory", limits.memory), ("cpu", limits.cpus), ("pids", limits.pids)) if value]
    top = f"{root}{_own_group()}".rstrip("/") if os.getuid() or not os.access(root, os.W_OK) else root
    parent = f"{top}/{_PARENT}"
    os.makedirs(parent, exist_ok=True)
    for folder in (top, parent):
        _write(f"{folder}/cgroup.subtree_control", " ".join(f"+{name}" for name in wanted))
    folder = f"{parent}/{identifier}"
    os.mkdir(folder)
    if limits.memory:
        _write(f"{folder}/memory.max", str(limits.memory))
        with contextlib.suppress(OSError):  # a kernel without swap accounting
            _write(f"{folder}/memory.swap.max", "0")
    if limits.cpus:
        _write(f"{folder}/cpu.max", f"{int(limits.cpus * _PERIOD)} {_PERIOD}")
    if limits.pids:
        _write(f"{folder}/pids.max", str(limits.pids))
    return Group((folder,))


def _separate(identifier: str, limits: Limits, root: str) -> Group:
    settings: dict[str, dict[str, str]] = {}
    if limits.memory:
        settings["memory"] = {"memory.limit_in_bytes": str(limits.memory)}
    if limits.cpus:
        settings["cpu"] = {"cpu.cfs_period_us": str(_PERIOD), "cpu.cfs_quota_us": str(int(limits.cpus * _PERIOD))}
    if limits.pids:
        settings["pids"] = {"pids.max": str(limits.pids)}
    folders = []
    for controller, files in settings.items():
        folder = f"{root}/{controller}/{_PARENT}/{identifier}"
        os.makedirs(folder)
        folders.append(folder)
        for name, value in files.items():
            _write(f"{folder}/{name}", value)
    return Group(tuple(folders))


def _own_group() -> str:
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return next((line.strip()[3:] for line in file if line.startswith("0::")), "/")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
