"""What this machine can do for a RUN, each as a value with a reason and with the way to get what is missing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from enum import StrEnum
from shutil import which
from tempfile import mkdtemp
from typing import Any, NamedTuple

from builder.errors import SandboxError
from builder.sandbox.small_files import read_text
from builder.sandbox.subordinate import subordinate_ranges
from builder.sandbox.worker import Worker

_RUNTIMES = ("crun", "runc")
_BINFMT = "/proc/sys/fs/binfmt_misc"
_OLDEST_KERNEL = (5, 12)
_USERS_OF_AN_IMAGE = 65536


class State(StrEnum):
    OK = "ok"
    OPTIONAL = "optional"
    """Missing, but only something extra is lost."""
    MISSING = "missing"
    """A RUN cannot work, or not fully."""


class Finding(NamedTuple):
    name: str
    state: State
    detail: str
    hint: str = ""
    """How to get it; empty when it is there."""


def probe(directory: str) -> list[Finding]:
    """Examines the machine, and the filesystem of `directory` (which exists and may be written to)."""
    findings = [_kernel(), _identity(), *_subordinate_users()]
    trial = mkdtemp(dir=directory, prefix="doctor.")
    with Worker() as worker:
        try:
            findings += _examined(worker.call("examine", {"directory": trial}))
        except SandboxError as error:
            findings.append(Finding("namespaces", State.MISSING, error.message, _namespace_hint()))
        finally:
            worker.call("remove", {"path": trial})
    return [*findings, *_runtimes(), _control_groups(), _emulators()]


def works(findings: list[Finding]) -> bool:
    """Whether a RUN can be carried out at all."""
    return not any(finding.state is State.MISSING for finding in findings)


def _kernel() -> Finding:
    release = platform.release()
    numbers = tuple(int(part) for part in release.split("-")[0].split(".")[:2] if part.isdecimal())
    if numbers >= _OLDEST_KERNEL:
        return Finding("kernel", State.OK, release)
    oldest = ".".join(map(str, _OLDEST_KERNEL))
    return Finding("kernel", State.MISSING, f"{release} is older than {oldest}", f"Use Linux {oldest} or newer.")


def _identity() -> Finding:
    user = os.geteuid()
    return Finding("user", State.OK, "root" if user == 0 else f"ordinary user {user}")


def _subordinate_users() -> Iterator[Finding]:
    if os.geteuid() == 0:
        return
    user = os.getuid()
    for name, path in (("subuid", "/etc/subuid"), ("subgid", "/etc/subgid")):
        ranges = subordinate_ranges(path, user)
        total = sum(length for _, length in ranges)
        if total >= _USERS_OF_AN_IMAGE:
            yield Finding(name, State.OK, f"{total} numbers for user {user} in {path}")
            continue
        command = f"usermod --add-{name}s 100000-165535 $USER" if not total else "give at least 65536 numbers"
        yield Finding(name, State.OPTIONAL, f"{total} numbers for user {user} in {path}", f"As root: {command}")
    missing = [program for program in ("newuidmap", "newgidmap") if which(program) is None]
    if missing:
        hint = "Install the package uidmap (Debian) or shadow-utils (Fedora)."
        yield Finding("newuidmap", State.OPTIONAL, f"{', '.join(missing)} not found", hint)
    else:
        yield Finding("newuidmap", State.OK, "newuidmap and newgidmap are there")


def _examined(result: dict[str, Any]) -> Iterator[Finding]:
    kind = "a user namespace" if result["in_user_namespace"] else "real root"
    yield Finding("namespaces", State.OK, f"{kind} with {result['users']} user numbers")
    roots: dict[str, str] = result["roots"]
    any_overlay = not (roots["overlay"] and roots["fuse"])
    for name, reason in roots.items():
        state, hint = _root_state(name, reason, any_overlay)
        yield Finding(f"root: {name}", state, reason or _ROOTS[name], hint)
    network = result["network"]
    yield Finding("--network=none", State.OPTIONAL if network else State.OK, network or "own network namespaces")
    reason = result["seccomp"]
    yield Finding("seccomp", State.OPTIONAL if reason else State.OK, reason or "built-in filter, like docker's")


_ROOTS = {
    "overlay": "the kernel's overlay, the fastest",
    "fuse": "fuse-overlayfs, slower",
    "copy": "plain copies, slow; always there",
}


def _root_state(name: str, reason: str, any_overlay: bool) -> tuple[State, str]:
    if not reason:
        return State.OK, ""
    hints = {
        "overlay": "Put the store (--root) on ext4, xfs or btrfs rather than on an overlay; as an ordinary user use "
        "Linux 5.11 or newer.",
        "fuse": "" if any_overlay else "Install fuse-overlayfs and make /dev/fuse accessible.",
    }
    return (State.MISSING if name == "copy" else State.OPTIONAL), hints.get(name, "")


def _namespace_hint() -> str:
    switches = {
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
        "/proc/sys/user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=15000"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    }
    for path, (blocking, command) in switches.items():
        try:
            if read_text(path).strip() == blocking:
                return f"As root: {command}"
        except OSError:
            continue
    return "In a container: give it CAP_SYS_ADMIN (--privileged), or a seccomp profile that allows unshare and mount."


def _runtimes() -> Iterator[Finding]:
    for name in _RUNTIMES:
        path = which(name)
        state = State.OK if path else State.OPTIONAL
        hint = "" if path else f"Only for --runtime {name}: install the package {name}."
        yield Finding(f"runtime: {name}", state, path or "not installed", hint)


def _control_groups() -> Finding:
    unified = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
    hybrid = os.path.exists("/sys/fs/cgroup/unified")
    detail = "version 2" if unified else "versions 1 and 2 together" if hybrid else "version 1, or none"
    return Finding("control groups", State.OK, f"{detail}; a build needs none")


def _emulators() -> Finding:
    try:
        names = sorted(name for name in os.listdir(_BINFMT) if name not in ("register", "status"))
    except OSError:
        names = []
    hint = "" if names else "Only for a RUN of another architecture: install qemu-user-static."
    return Finding("emulators", State.OK if names else State.OPTIONAL, ", ".join(names) or "none registered", hint)
