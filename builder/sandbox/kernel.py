"""The system calls that Python does not offer, each raising OSError. Only the worker imports this."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_PARENT = 0x00008000
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
MS_STRICTATIME = 0x1000000
MNT_DETACH = 2
MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4
MOUNT_ATTR_NOEXEC = 0x8
MOUNT_ATTR_PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
"""No set-uid programs, no devices, no programs."""

PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_CAP_AMBIENT_CLEAR_ALL = 4

_SIGCHLD = 17
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_CLOSE_RANGE_CLOEXEC = 4
_FSCONFIG_CMD_CREATE = 6
_MOVE_MOUNT_F_EMPTY_PATH = 4
_OPEN_TREE_CLONE = 1
_CLOEXEC = 0o2000000

# Calls added since Linux 5.0 have one number on every architecture (Documentation/process/adding-syscalls.rst).
_NR_OPEN_TREE = 428
_NR_MOVE_MOUNT = 429
_NR_FSOPEN = 430
_NR_FSCONFIG = 431
_NR_FSMOUNT = 432
_NR_CLONE3 = 435
_NR_CLOSE_RANGE = 436
_NR_MOUNT_SETATTR = 442

# Older ones: pivot_root, capset, seccomp (arch/*/entry/syscalls/*.tbl; scripts/syscall.tbl).
_NUMBERS = {
    "x86_64": (155, 126, 317),
    "aarch64": (41, 91, 277),
    "riscv64": (41, 91, 277),
    "loongarch64": (41, 91, 277),
    "ppc64le": (203, 184, 358),
    "s390x": (217, 185, 348),
    "armv7l": (218, 185, 383),
    "i686": (217, 185, 354),
}

# PyDLL keeps the interpreter lock during a call, which clone needs; the process is single-threaded anyway.
_libc = ctypes.PyDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long


class _CloneArgs(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls")
    ]


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _number(index: int) -> int:
    return _NUMBERS[os.uname().machine][index]


def fork_into(namespaces: int) -> int:
    """Like `os.fork`, with the child in new namespaces: with CLONE_NEWPID it is process 1, and its end kills the rest.
    With CLONE_PARENT it is a child of our parent.

    `os.fork` after `unshare` would do, but `unshare(CLONE_NEWPID)` is good for one child only.
    """
    arguments = _CloneArgs(flags=namespaces, exit_signal=0 if namespaces & CLONE_PARENT else _SIGCHLD)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid: int = _syscall(_NR_CLONE3, ctypes.byref(arguments), ctypes.c_size_t(ctypes.sizeof(arguments)))
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, os.strerror(number), "clone3")
    return pid


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    encoded = [os.fsencode(text) if text else None for text in (source, target, kind, data)]
    _checked(_libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]), f"mount {kind or 'bind'} at {target}")


def unmount(target: str, flags: int = 0) -> None:
    _checked(_libc.umount2(os.fsencode(target), flags), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    _checked(_syscall(_number(0), os.fsencode(new_root), os.fsencode(put_old)), "pivot_root")


def leave_chroot() -> None:
    """Makes the root of our mount namespace our root directory: entering a namespace does that, be it one's own. Paths
    mean something else afterwards. A way that needs no /proc."""
    own = os.pidfd_open(os.getpid())
    try:
        _checked(_libc.setns(own, CLONE_NEWNS), "setns")
    finally:
        os.close(own)


def enter_namespaces_of(pidfd: int, namespaces: int) -> None:
    """Those of the process; into its pid namespace go only children of ours. Root and working directory are its own
    mount namespace's afterwards."""
    _checked(_libc.setns(pidfd, namespaces), "setns")


def open_filesystem(kind: str) -> int:
    return _checked(_syscall(_NR_FSOPEN, kind.encode(), 1), f"fsopen {kind}")


def create_mount(filesystem: int, attributes: int = 0) -> int:
    """A mount, not yet attached anywhere, without any option."""
    _checked(_syscall(_NR_FSCONFIG, filesystem, _FSCONFIG_CMD_CREATE, None, None, 0), "fsconfig create")
    return _checked(_syscall(_NR_FSMOUNT, filesystem, 1, attributes), "fsmount")


def clone_mount(path: str) -> int:
    """A copy, not yet attached anywhere, of what is mounted at and below `path`: what a bind mount would show."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | _CLOEXEC
    return _checked(_syscall(_NR_OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags), f"open_tree {path}")


def attach_mount(tree: int, target: str) -> None:
    """Mounts `tree` at `target` and closes it."""
    try:
        encoded = os.fsencode(target)
        moved = _syscall(_NR_MOVE_MOUNT, tree, b"", _AT_FDCWD, encoded, _MOVE_MOUNT_F_EMPTY_PATH)
        _checked(moved, f"move_mount to {target}")
    finally:
        os.close(tree)


def move_mount(source: str, target: str) -> None:
    """Moves what is mounted at `source`, with all below it; the last names of both are not followed as symlinks."""
    moved = _syscall(_NR_MOVE_MOUNT, _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), 0)
    _checked(moved, f"move_mount to {target}")


def change_mount(tree: int, attributes: int) -> None:
    """Sets attributes on a mount and on all below it (Linux 5.12)."""
    change = _MountAttr(attr_set=attributes)
    size = ctypes.c_size_t(ctypes.sizeof(change))
    flags = _AT_RECURSIVE | _AT_EMPTY_PATH
    _checked(_syscall(_NR_MOUNT_SETATTR, tree, b"", flags, ctypes.byref(change), size), "mount_setattr")


def birth_time(path: str) -> int:
    """When the inode at `path` was made, in nanoseconds; 0 where that is not kept. Follows no symlink."""
    mask_birth, birth_at, no_follow = 0x800, 80, 0x100
    result = ctypes.create_string_buffer(256)
    _checked(_libc.statx(_AT_FDCWD, os.fsencode(path), no_follow, mask_birth, result), f"statx {path}")
    mask, seconds, nanoseconds = struct.unpack_from(f"=I{birth_at - 4}xqI", result)
    return seconds * 1_000_000_000 + nanoseconds if mask & mask_birth else 0


def prctl(option: int, first: int = 0, second: int = 0) -> None:
    _checked(_libc.prctl(option, ctypes.c_ulong(first), ctypes.c_ulong(second), 0, 0), f"prctl {option}")


def hide_from_processes() -> None:
    """What /proc tells of this process and its children is for none that has not CAP_SYS_PTRACE here, until an exec: a
    container's process beside it could reach this machine's files through `exe` and `fd` (as in CVE-2019-5736)."""
    prctl(PR_SET_DUMPABLE, 0)


def sethostname(name: str) -> None:
    encoded = os.fsencode(name)
    _checked(_libc.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname")


def set_capabilities(mask: int, *, inheritable: bool = False) -> None:
    """Permitted and effective become `mask`, and inheritable too or else empty."""
    header = _CapHeader(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    low, high = mask & 0xFFFFFFFF, mask >> 32
    data = (_CapData * 2)(*(_CapData(part, part, part if inheritable else 0) for part in (low, high)))
    _checked(_syscall(_number(1), ctypes.byref(header), ctypes.byref(data)), "capset")


def install_filter(program: bytes) -> None:
    """Puts a seccomp filter (packed `struct sock_filter`) on this process for good."""
    packed = _FilterProgram(len(program) // 8, program)
    mode_filter, spec_allow = 1, 4  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW
    _checked(_syscall(_number(2), mode_filter, spec_allow, ctypes.byref(packed)), "seccomp")


def close_on_exec_from(first: int) -> None:
    """No descriptor from `first` on survives an exec."""
    result = _syscall(_NR_CLOSE_RANGE, first, ctypes.c_uint(0xFFFFFFFF), _CLOSE_RANGE_CLOEXEC)
    _checked(result, "close_range")
