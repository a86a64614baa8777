"""What the process may do: docker's default capabilities, limits, identity."""

from __future__ import annotations

import functools
import os
import resource

from builder.errors import SandboxError
from builder.sandbox import kernel
from builder.sandbox.identity import Identities
from builder.sandbox.small_files import read_text
from builder.sandbox.spec import Ulimit
from builder.sandbox.users import Identity

# Bit numbers (linux/capability.h).
DEFAULT_CAPABILITIES = {
    "CHOWN": 0,
    "DAC_OVERRIDE": 1,
    "FOWNER": 3,
    "FSETID": 4,
    "KILL": 5,
    "SETGID": 6,
    "SETUID": 7,
    "SETPCAP": 8,
    "NET_BIND_SERVICE": 10,
    "NET_RAW": 13,
    "SYS_CHROOT": 18,
    "MKNOD": 27,
    "AUDIT_WRITE": 29,
    "SETFCAP": 31,
}
_MASK = sum(1 << bit for bit in DEFAULT_CAPABILITIES.values())

_NAMES = "as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack"
LIMITS = {name: getattr(resource, f"RLIMIT_{name.upper()}") for name in _NAMES.split()}


def set_limits(ulimits: tuple[Ulimit, ...]) -> None:
    for name, soft, hard in ulimits:
        if name not in LIMITS:
            raise SandboxError("unknown-ulimit", f"there is no ulimit {name!r}", hint=f"Known: {', '.join(LIMITS)}.")
        try:
            resource.setrlimit(LIMITS[name], (soft, hard))
        except (OSError, ValueError) as error:
            raise SandboxError(
                "ulimit-refused",
                f"this machine refuses ulimit {name}={soft}:{hard}: {error}",
                hint="Raising a hard limit needs CAP_SYS_RESOURCE.",
            ) from error


def drop_bounding_set() -> None:
    for bit in range(last_capability() + 1):
        if not _MASK >> bit & 1:
            kernel.prctl(kernel.PR_CAPBSET_DROP, bit)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)


def check_mapped(identity: Identity, identities: Identities) -> None:
    if not (identities.has_user(identity.uid) and identities.has_group(identity.gid)):
        raise SandboxError(
            "user-not-mapped",
            f"user {identity.uid}:{identity.gid} does not exist in this user namespace",
            hint="It needs ranges in /etc/subuid and /etc/subgid, and newuidmap; `pybuild doctor` says more.",
        )


def become(identity: Identity, identities: Identities) -> None:
    """Takes on the identity. Root keeps docker's default set; anyone else loses all capabilities, as an exec does."""
    check_mapped(identity, identities)
    if identities.may_set_groups:
        os.setgroups([group for group in identity.groups if identities.has_group(group)])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    kernel.set_capabilities(0 if identity.uid else _MASK)


@functools.cache
def last_capability() -> int:
    return int(read_text("/proc/sys/kernel/cap_last_cap"))
