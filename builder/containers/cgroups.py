"""Limits on memory, processors and processes, by control groups of either version, where we may make one.

As in docker, a container may have as much swap as memory.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.containers.types import Limits
from builder.errors import SandboxError

__all__ = ["Group", "Limits", "divide", "make"]

ROOT = "/sys/fs/cgroup"
_PARENT = "pybuild"
_PERIOD = 100_000
_CONTROLLERS = ("memory", "cpu", "pids")
"""In the order of Limits."""
_ASIDE = "aside"
_ATTEMPTS = 5


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


def divide(limits: Limits, root: str = ROOT) -> None:
    """To be called before `make`, by a process that sees all others of its control group: afterwards one can be made
    below it. Raises SandboxError `no-cgroups`."""
    if limits == Limits() or not _is_unified(root):
        return
    with _told(limits):
        top, wanted = _top(root), _controllers(limits)
        with open(f"{top}/cgroup.controllers", encoding="ascii") as file:
            missing = sorted(set(wanted) - set(file.read().split()))
        if missing:
            raise OSError(errno.ENOENT, f"nobody lets us have {' and '.join(missing)}", f"{top}/cgroup.controllers")
        enable(top, wanted)


def make(identifier: str, limits: Limits, root: str = ROOT) -> Group:
    """Raises SandboxError `no-cgroups` where a limit cannot be set."""
    if limits == Limits():
        return Group()
    with _told(limits):
        return _unified(identifier, limits, root) if _is_unified(root) else _separate(identifier, limits, root)


def left_by(identifier: str, root: str = ROOT) -> Group:
    """Where the monitor was killed before it could remove it."""
    tops = [_top(root)] if _is_unified(root) else [f"{root}/{name}" for name in _CONTROLLERS]
    places = [f"{top}/{_PARENT}/{identifier}" for top in tops]
    return Group(tuple(place for place in places if os.path.isdir(place)))


def enable(top: str, controllers: Sequence[str]) -> None:
    """For groups below `top`/pybuild. Only a group without processes can be divided, but for the machine's root, so
    those that are in `top` go to a group of their own (the kernel's Documentation/admin-guide/cgroup-v2.rst, "No
    Internal Process Constraint")."""
    parent = f"{top}/{_PARENT}"
    os.makedirs(f"{parent}/{_ASIDE}", exist_ok=True)
    text = " ".join(f"+{name}" for name in controllers)
    for attempt in range(_ATTEMPTS):
        try:
            _write(f"{top}/cgroup.subtree_control", text)
            break
        except OSError as error:
            if error.errno != errno.EBUSY or attempt == _ATTEMPTS - 1:
                raise
        _set_aside(top)  # once more for those that were born meanwhile
    _write(f"{parent}/cgroup.subtree_control", text)


def _set_aside(top: str) -> None:
    with open(f"{top}/cgroup.procs", encoding="ascii") as file:
        numbers = file.read().split()
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):
            _write(f"{top}/{_PARENT}/{_ASIDE}/cgroup.procs", number)


@contextlib.contextmanager
def _told(limits: Limits) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        asked = [name for name, value in limits._asdict().items() if value]
        raise SandboxError(
            "no-cgroups",
            f"this machine lets us set no limit on {', '.join(asked)}: {error.strerror} ({error.filename})",
            hint="control groups are root's, unless they are delegated: systemd-run --user --scope -p Delegate=yes ...",
        ) from error


def _is_unified(root: str) -> bool:
    return os.path.exists(f"{root}/cgroup.controllers")


def _controllers(limits: Limits) -> list[str]:
    return [name for name, value in zip(_CONTROLLERS, limits, strict=True) if value]


def _top(root: str) -> str:
    """What is ours to divide: all that there is, or the group that we are in, also where we were set aside in it."""
    if os.getuid() == 0 and os.access(root, os.W_OK):
        return root
    return f"{root}{_own_group().removesuffix(f'/{_PARENT}/{_ASIDE}')}".rstrip("/")


def _unified(identifier: str, limits: Limits, root: str) -> Group:
    folder = f"{_top(root)}/{_PARENT}/{identifier}"
    os.mkdir(folder)
    if limits.memory:
        _write(f"{folder}/memory.max", str(limits.memory))
        with contextlib.suppress(OSError):  # a kernel without swap accounting
            _write(f"{folder}/memory.swap.max", str(limits.memory))
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
    if limits.memory:
        with contextlib.suppress(OSError):  # a kernel without swap accounting
            _write(f"{root}/memory/{_PARENT}/{identifier}/memory.memsw.limit_in_bytes", str(2 * limits.memory))
    return Group(tuple(folders))


def _own_group() -> str:
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return next((line.strip()[3:] for line in file if line.startswith("0::")), "/")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
