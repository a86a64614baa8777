"""Which system calls the seccomp filter refuses, by number: docker's default profile, seen from the other side.

Docker lists what is allowed; what it leaves out (given docker's default capabilities) is listed here, shorter and
easier to check. Numbers instead of names, so that no library is needed; a test compares them with libseccomp.
Sources: docs.docker.com/engine/security/seccomp, arch/x86/entry/syscalls/*.tbl, scripts/syscall.tbl, arch/arm/tools.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Architecture(NamedTuple):
    """One set of numbers under one audit architecture (linux/audit.h)."""

    audit: int
    column: int
    """In `DENIED`."""
    clone: int
    personality: int
    socket: int


_X86_64 = Architecture(0xC000003E, 0, clone=56, personality=135, socket=41)
_I386 = Architecture(0x40000003, 1, clone=120, personality=136, socket=359)
_AARCH64 = Architecture(0xC00000B7, 2, clone=220, personality=92, socket=198)
_RISCV64 = _AARCH64._replace(audit=0xC00000F3)
_LOONGARCH64 = _AARCH64._replace(audit=0xC0000102)
_ARM = Architecture(0x40000028, 3, clone=120, personality=136, socket=281)

ARCHITECTURES = {
    "x86_64": (_X86_64, _I386),
    "aarch64": (_AARCH64, _ARM),
    "riscv64": (_RISCV64,),
    "loongarch64": (_LOONGARCH64,),
    "armv7l": (_ARM,),
    "i686": (_I386,),
}
"""By machine: the native set of numbers, then that of 32-bit programs."""

NAMESPACE_FLAGS = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""What clone may not ask for: new mount, cgroup, uts, ipc, user, pid, network namespaces (linux/sched.h)."""

FORBIDDEN_FAMILIES = (38, 40)
"""Of sockets: AF_ALG and AF_VSOCK."""

CLONE3 = 435
LAST_KNOWN = 466
"""removexattrat, Linux 6.13. What is newer does not exist for the process (ENOSYS), as under runc."""

DENIED: dict[str, tuple[int | None, int | None, int | None, int | None]] = {
    # name: x86_64, i386, the newer architectures' shared numbers, arm
    "_sysctl": (156, 149, None, 149),
    "acct": (163, 51, 89, 51),
    "add_key": (248, 286, 217, 309),
    "bpf": (321, 357, 280, 386),
    "clock_settime": (227, 264, 112, 262),
    "clock_settime64": (None, 404, None, 404),
    "delete_module": (176, 129, 106, 129),
    "fanotify_init": (300, 338, 262, 367),
    "finit_module": (313, 350, 273, 379),
    "get_mempolicy": (239, 275, 236, 320),
    "init_module": (175, 128, 105, 128),
    "ioperm": (173, 101, None, None),
    "iopl": (172, 110, None, None),
    "kcmp": (312, 349, 272, 378),
    "kexec_file_load": (320, None, 294, 401),
    "kexec_load": (246, 283, 104, 347),
    "keyctl": (250, 288, 219, 311),
    "lookup_dcookie": (212, 253, 18, 249),
    "mbind": (237, 274, 235, 319),
    "migrate_pages": (256, 294, 238, 400),
    "mount": (165, 21, 40, 21),
    "move_pages": (279, 317, 239, 344),
    "nfsservctl": (180, 169, 42, 169),
    "open_by_handle_at": (304, 342, 265, 371),
    "perf_event_open": (298, 336, 241, 364),
    "pivot_root": (155, 217, 41, 218),
    "quotactl": (179, 131, 60, 131),
    "reboot": (169, 88, 142, 88),
    "request_key": (249, 287, 218, 310),
    "set_mempolicy": (238, 276, 237, 321),
    "setdomainname": (171, 121, 162, 121),
    "sethostname": (170, 74, 161, 74),
    "setns": (308, 346, 268, 375),
    "settimeofday": (164, 79, 170, 79),
    "stime": (None, 25, None, None),
    "swapoff": (168, 115, 225, 115),
    "swapon": (167, 87, 224, 87),
    "sysfs": (139, 135, None, 135),
    "syslog": (103, 103, 116, 103),
    "umount": (None, 22, None, None),
    "umount2": (166, 52, 39, 52),
    "unshare": (272, 310, 97, 337),
    "uselib": (134, 86, None, 86),
    "userfaultfd": (323, 374, 282, 388),
    "ustat": (136, 62, None, 62),
    "vhangup": (153, 111, 58, 111),
    "vm86": (None, 166, None, None),
    "vm86old": (None, 113, None, None),
}

DENIED_EVERYWHERE = {
    # Since Linux 5.1 a call has one number on every architecture.
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "set_mempolicy_home_node": 450,
    "lsm_get_self_attr": 459,
    "lsm_set_self_attr": 460,
    "lsm_list_modules": 461,
}

_OPENED: dict[str, str] = {
    "BPF": "bpf",
    "DAC_READ_SEARCH": "open_by_handle_at",
    "PERFMON": "perf_event_open",
    "SYSLOG": "syslog",
    "SYS_ADMIN": "bpf clone fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount "
    "open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
    "SYS_BOOT": "reboot",
    "SYS_MODULE": "delete_module finit_module init_module",
    "SYS_NICE": "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    "SYS_PACCT": "acct",
    "SYS_PTRACE": "kcmp pidfd_getfd process_madvise",
    "SYS_RAWIO": "ioperm iopl",
    "SYS_TIME": "clock_settime clock_settime64 settimeofday stime",
    "SYS_TTY_CONFIG": "vhangup",
}
"""By capability: docker's profile lets these through for processes that have it. `clone` stands for what it may not ask
for otherwise, and for clone3."""


def opened_by(capabilities: Iterable[str]) -> frozenset[str]:
    return frozenset(name for capability in capabilities for name in _OPENED.get(capability, "").split())
