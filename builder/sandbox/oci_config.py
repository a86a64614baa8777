"""A bundle's config.json (OCI runtime specification 1.0.2) that says what the native sandbox does."""

from __future__ import annotations

import os
import stat
from typing import Any

from builder.sandbox import devices, privileges, syscall_table, system_files
from builder.sandbox.arrange import Arranged, in_order
from builder.sandbox.devices import OWN_MOUNTS, TTY_GROUP
from builder.sandbox.identity import Identities
from builder.sandbox.spec import File, RunSpec
from builder.sandbox.users import Identity

_NO_EXEC = ["nosuid", "noexec", "nodev"]
_EPERM, _ENOSYS = 1, 38
_SECCOMP_ARCHITECTURES = {
    "x86_64": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    "aarch64": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    "riscv64": ["SCMP_ARCH_RISCV64"],
}


def config(arranged: Arranged, identity: Identity) -> dict[str, Any]:
    spec = arranged.spec
    return {
        "ociVersion": "1.0.2",
        "root": {"path": arranged.root, "readonly": spec.readonly_root},
        "hostname": spec.hostname,
        "process": _process(arranged, identity),
        "mounts": _without_replaced([*_system_mounts(arranged), *_mounts(arranged)]),
        "linux": _linux(spec, arranged.identities),
    }


def _process(arranged: Arranged, identity: Identity) -> dict[str, Any]:
    spec, identities = arranged.spec, arranged.identities
    environment = dict(spec.env)
    environment.setdefault("HOME", identity.home)
    names = [f"CAP_{name}" for name in _capabilities(spec)]
    groups = [group for group in identity.groups if identities.may_set_groups and identities.has_group(group)]
    privileges.check_mapped(identity, identities)
    return {
        "terminal": spec.console is not None,
        "args": list(spec.argv),
        "env": [f"{name}={value}" for name, value in environment.items()],
        "cwd": spec.cwd,
        "user": {"uid": identity.uid, "gid": identity.gid, "additionalGids": groups, "umask": 0o022},
        "capabilities": {"bounding": names, "effective": names, "permitted": names}
        | ({"inheritable": names, "ambient": names} if spec.insecure else {}),
        "noNewPrivileges": spec.no_new_privileges,
        "consoleSize": dict(zip(("height", "width"), spec.console or (0, 0), strict=True)),
        "rlimits": [
            {"type": f"RLIMIT_{name.upper()}", "soft": soft % (1 << 64), "hard": hard % (1 << 64)}
            for name, soft, hard in spec.ulimits
        ],
    }


def _capabilities(spec: RunSpec) -> list[str]:
    mask = privileges.own_capabilities() if spec.insecure else privileges.mask_of(spec.capabilities)
    return [name for bit, name in enumerate(privileges.CAPABILITIES) if mask >> bit & 1]


def _without_replaced(mounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of our own mounts in /dev only those that no other mount has the place of."""
    places = [mount["destination"] for mount in mounts]
    return [
        mount for at, mount in enumerate(mounts) if places[at] not in OWN_MOUNTS or places[at] not in places[at + 1 :]
    ]


def _system_mounts(arranged: Arranged) -> list[dict[str, Any]]:
    terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
    if arranged.identities.has_group(TTY_GROUP):
        terminals.append(f"gid={TTY_GROUP}")
    in_memory = ["nosuid", "strictatime", "mode=755", "size=65536k"]
    shared_memory = [*_NO_EXEC, "mode=1777", f"size={arranged.spec.shm_size}"]
    readonly = [] if arranged.spec.insecure else ["ro"]
    own_network = arranged.spec.network in ("none", "private") or not arranged.identities.in_user_namespace
    return [
        _mount("/proc", "proc", "proc", _NO_EXEC),
        _mount("/dev", "tmpfs", "tmpfs", in_memory),
        _mount("/dev/pts", "devpts", "devpts", terminals),
        _mount("/dev/shm", "tmpfs", "shm", shared_memory),  # noqa: S108 - a mount point
        _mount("/dev/mqueue", "mqueue", "mqueue", _NO_EXEC),
        _mount("/sys", "sysfs", "sysfs", [*_NO_EXEC, *readonly])
        if own_network
        else _mount("/sys", "none", "/sys", ["rbind", *_NO_EXEC, *readonly]),
    ]


def _mounts(arranged: Arranged) -> list[dict[str, Any]]:
    """The files of the run are written to memory and bound over their places."""
    folder = f"{arranged.scratch}/files"
    os.mkdir(folder, 0o755)
    mounts = []
    for number, (item, target) in enumerate(in_order(arranged)):
        if isinstance(item, File):
            mounts.append(_file_mount(item, target, f"{folder}/{number}"))
        elif item.kind == "bind":
            mounts.append(_mount(target, "none", item.source, ["rbind", *(["ro"] if item.readonly else [])]))
        else:
            size = [f"size={item.size}"] if item.size else []
            options = ["nosuid", f"mode={item.mode or 0:o}", *size]
            options += [word for word, given in (("ro", item.readonly), ("noexec", item.noexec)) if given]
            mounts.append(_mount(target, "tmpfs", "tmpfs", options))
    return mounts


def _file_mount(file: File, target: str, source: str) -> dict[str, Any]:
    with open(source, "xb") as out:
        out.write(file.content.encode("utf-8", "surrogateescape"))
        os.fchown(out.fileno(), file.uid, file.gid)
        os.fchmod(out.fileno(), file.mode)
    # A script in /dev is to be executed, as in the native sandbox.
    noexec = [] if file.mode & 0o111 else ["noexec"]
    flags = [] if file.path.startswith("/dev/") else ["nosuid", "nodev", *noexec, "ro"]
    return _mount(target, "none", source, ["bind", *flags])


def _mount(destination: str, kind: str, source: str, options: list[str]) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source, "options": options}


def _linux(spec: RunSpec, identities: Identities) -> dict[str, Any]:
    kinds = ["pid", "ipc", "uts", "mount", *(["network"] if spec.network == "none" else [])]
    namespaces = [{"type": kind} for kind in kinds]
    if spec.insecure:
        nodes = [] if identities.in_user_namespace else devices.machine_nodes()
        everything = [{"allow": True, "type": kind, "access": "rwm"} for kind in "cb"]
        listed = [
            {"path": f"/dev/{name}", "type": kind, "major": major, "minor": minor, "fileMode": 0o666}
            for name, kind, major, minor in nodes
        ]
        return {"namespaces": namespaces, "resources": {"devices": everything}, "devices": listed}
    protected = system_files.protected()
    return {
        "namespaces": namespaces,
        "maskedPaths": [*protected.masked_files, *protected.masked_folders],
        "readonlyPaths": list(protected.readonly),
        "resources": {"devices": [{"allow": False, "access": "rwm"}, *_shown_devices(spec)]},
    } | (_seccomp(syscall_table.opened_by(spec.capabilities or ())) if spec.filtered else {})


def _shown_devices(spec: RunSpec) -> list[dict[str, Any]]:
    """Nodes of the machine that are mounted into the root filesystem may be used there."""
    rules = []
    for mount in spec.mounts:
        found = os.stat(mount.source) if mount.kind == "bind" else None
        if found and (stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode)):
            kind, number = "c" if stat.S_ISCHR(found.st_mode) else "b", found.st_rdev
            numbers = {"major": os.major(number), "minor": os.minor(number)}
            rules.append({"allow": True, "type": kind, "access": "rwm", **numbers})
    return rules


def _seccomp(opened: frozenset[str]) -> dict[str, Any]:
    """The runtime's language for filters cannot say all that ours says: personality() stays open, and calls newer than
    the table too."""
    machine = os.uname().machine
    if machine not in _SECCOMP_ARCHITECTURES:
        return {}
    names = [name for name in (*syscall_table.DENIED, *syscall_table.DENIED_EVERYWHERE) if name not in opened]
    refused = {"action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM}
    rules: list[dict[str, Any]] = [
        {"names": names} | refused,
    ]
    if "clone" not in opened:
        rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS})
    for flag in () if "clone" in opened else syscall_table.NAMESPACE_FLAGS:
        test = {"index": 0, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ"}
        rules.append({"names": ["clone"], "args": [test]} | refused)
    for family in syscall_table.FORBIDDEN_FAMILIES:
        test = {"index": 0, "value": family, "op": "SCMP_CMP_EQ"}
        rules.append({"names": ["socket"], "args": [test]} | refused)
    architectures = _SECCOMP_ARCHITECTURES[machine]
    return {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": architectures, "syscalls": rules}}
