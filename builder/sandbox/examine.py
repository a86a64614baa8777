"""The job `examine`: tries, inside of a job's namespaces, what a run needs of this machine."""

from __future__ import annotations

import os
from typing import Any

from builder.errors import SandboxError
from builder.sandbox import kernel, seccomp
from builder.sandbox.identity import own_identities
from builder.sandbox.roots import ROOT_KINDS, mount_first
from builder.sandbox.spec import RootFs


def job(args: dict[str, Any], _fds: list[int]) -> dict[str, Any]:
    """Uses `directory`, on the filesystem in question. Each answer is empty, or says why not."""
    directory = args["directory"]
    identities = own_identities()
    return {
        "in_user_namespace": identities.in_user_namespace,
        "users": sum(len(numbers) for numbers in identities.users),
        "roots": {name: _try_root(name, f"{directory}/{name}") for name in ROOT_KINDS},
        "network": _try_network(),
        "seccomp": "" if seccomp.program(os.uname().machine) else "no table of system calls for this architecture",
    }


def _try_root(name: str, directory: str) -> str:
    folders = [f"{directory}/{part}" for part in ("lower", "upper", "work", "root")]
    for folder in folders:
        os.makedirs(folder)
    lower, upper, work, place = folders
    try:
        mount_first((name,), RootFs((lower,), upper, work), (), place).finish(place)
    except SandboxError as error:
        return error.message.rpartition(f"{name}: ")[2]
    return ""


def _try_network() -> str:
    try:
        kernel.unshare(kernel.CLONE_NEWNET)
    except OSError as error:
        return str(error.strerror)
    return ""
