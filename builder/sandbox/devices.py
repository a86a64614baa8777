"""The process's own /dev: a small tmpfs with the devices that every program expects, and nothing of the machine's."""

from __future__ import annotations

import os
import stat

from builder.sandbox import kernel
from builder.sandbox.spec import RunSpec

NODES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_MACHINE_NODES = {
    "kmsg": (1, 11),
    "cuse": (10, 203),
    "fuse": (10, 229),
    "kvm": (10, 232),
    "net/tun": (10, 200),
    "loop-control": (10, 237),
}
_LOOP, _LOOPS = 7, 8
_NO_EXEC = kernel.MS_NOSUID | kernel.MS_NOEXEC | kernel.MS_NODEV
TTY_GROUP = 5


def clone_nodes() -> dict[str, int]:
    """The machine's nodes as mounts to attach later: a user namespace may not make nodes, but may show these."""
    return {name: kernel.clone_mount(f"/dev/{name}") for name in NODES}


def populate(spec: RunSpec, nodes: dict[str, int], tty_group_mapped: bool) -> None:
    """Fills /dev of the root filesystem that this process is in. `nodes`: from `clone_nodes`, or empty: make them."""
    kernel.mount("tmpfs", "/dev", "tmpfs", kernel.MS_NOSUID | kernel.MS_STRICTATIME, "mode=755,size=65536k")
    for name, (major, minor) in NODES.items():
        path = f"/dev/{name}"
        if name in nodes:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
            kernel.attach_mount(nodes[name], path)
        else:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"/dev/{name}", 0o755)
    group = f",gid={TTY_GROUP}" if tty_group_mapped else ""
    options = f"newinstance,ptmxmode=0666,mode=0620{group}"
    kernel.mount("devpts", "/dev/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, options)
    kernel.mount("shm", "/dev/shm", "tmpfs", _NO_EXEC, f"mode=1777,size={spec.shm_size}")  # noqa: S108 - a mount point
    kernel.mount("mqueue", "/dev/mqueue", "mqueue", _NO_EXEC)


def machine_nodes() -> list[tuple[str, str, int, int]]:
    """What an insecure process gets besides, as in BuildKit: name, `c` or `b`, major and minor number."""
    loops = [(f"loop{number}", "b", _LOOP, number) for number in range(_LOOPS)]
    return [(name, "c", *numbers) for name, numbers in _MACHINE_NODES.items()] + loops


def add_machine_nodes() -> None:
    os.mkdir("/dev/net", 0o755)
    for name, kind, major, minor in machine_nodes():
        os.mknod(f"/dev/{name}", (stat.S_IFCHR if kind == "c" else stat.S_IFBLK) | 0o666, os.makedev(major, minor))
