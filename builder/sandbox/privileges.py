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

_LISTED = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
CAPABILITIES = tuple(_LISTED.split())
"""By bit number (linux/capability.h)."""
_DEFAULT = """
    CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE
    SETFCAP
"""
DEFAULT_CAPABILITIES = {name: CAPABILITIES.index(name) for name in _DEFAULT.split()}
_DEFAULT_MASK = sum(1 << bit for bit in DEFAULT_CAPABILITIES.values())

_NAMES = "as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack"
LIMITS = {name: getattr(resource, f"RLIMIT_{name.upper()}") for name in _NAMES.split()}


def set_limits(ulimits: tuple[Ulimit, ...]) -> None:
    for name, soft, hard in ulimits:
        if name not in LIMITS:
            raise SandboxError("unknown-ulimit", f"there is no ulimit {name!r}", hint=f"there are: {', '.join(LIMITS)}")
        try:
            resource.setrlimit(LIMITS[name], (soft, hard))
        except (OSError, ValueError) as error:
            raise SandboxError(
                "ulimit-refused",
                f"this machine refuses ulimit {name}={soft}:{hard}: {error}",
                hint="raising a hard limit needs CAP_SYS_RESOURCE",
            ) from error


def mask_of(capabilities: tuple[str, ...] | None) -> int:
    """Of a spec; `ALL` in it says that those that are not to be had here are left out. Raises SandboxError for others
    that this process has not got to give."""
    if capabilities is None:
        return _DEFAULT_MASK
    mask = sum(1 << CAPABILITIES.index(name) for name in set(capabilities) - {"ALL"})
    if "ALL" in capabilities:
        return mask & own_capabilities()
    lacking = [name for bit, name in enumerate(CAPABILITIES) if (mask & ~own_capabilities()) >> bit & 1]
    if lacking:
        raise SandboxError(
            "no-such-capability",
            f"this machine does not let us give the process {', '.join(lacking)}",
            hint="`pybuild doctor` says what we may do here",
        )
    return mask


def drop_bounding_set(mask: int) -> None:
    for bit in range(last_capability() + 1):
        if not mask >> bit & 1:
            kernel.prctl(kernel.PR_CAPBSET_DROP, bit)
    kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)


def check_mapped(identity: Identity, identities: Identities) -> None:
    if not (identities.has_user(identity.uid) and identities.has_group(identity.gid)):
        raise SandboxError(
            "user-not-mapped",
            f"user {identity.uid}:{identity.gid} does not exist in this user namespace",
            hint="it needs ranges in /etc/subuid and /etc/subgid, and newuidmap; `pybuild doctor` says more",
        )


def become(identity: Identity, identities: Identities, mask: int) -> None:
    """Takes on the identity. Root keeps the capabilities of the mask; anyone else loses all, as an exec does."""
    _change_ids(identity, identities)
    kernel.set_capabilities(0 if identity.uid else mask)


def become_with_everything(identity: Identity, identities: Identities) -> None:
    """Takes on the identity with every capability that this process has, also across the exec of anyone but root."""
    mask = own_capabilities()
    kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
    _change_ids(identity, identities)
    kernel.set_capabilities(mask, inheritable=True)
    for bit in range(last_capability() + 1):
        if mask >> bit & 1:
            kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_RAISE, bit)


def own_capabilities() -> int:
    """As a mask: what this process is permitted."""
    fields = dict(line.split(":", 1) for line in read_text("/proc/self/status").splitlines())
    return int(fields["CapPrm"], 16)


def _change_ids(identity: Identity, identities: Identities) -> None:
    check_mapped(identity, identities)
    if identities.may_set_groups:
        os.setgroups([group for group in identity.groups if identities.has_group(group)])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)


@functools.cache
def last_capability() -> int:
    return int(read_text("/proc/sys/kernel/cap_last_cap"))
