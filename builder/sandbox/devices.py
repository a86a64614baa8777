"""The process's own /dev: a small tmpfs with the devices that every program expects, and nothing of the machine's."""

from __future__ import annotations

import os
import stat

from builder.sandbox import kernel
from builder.sandbox.identity import own_identities
from builder.sandbox.spec import DEFAULT_SHM_SIZE

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
OWN_MOUNTS = ("/dev/pts", "/dev/shm", "/dev/mqueue")  # noqa: S108 - mount points
"""What a mount of the run at one of these places replaces, as in BuildKit: nobody sees what it covers."""


def show_dev(place: str, *, insecure: bool) -> None:
    """Mounts a fresh one at `place`/dev. A user namespace may not make nodes, but may show the machine's."""
    identities = own_identities()
    dev = f"{place}/dev"
    kernel.mount("tmpfs", dev, "tmpfs", kernel.MS_NOSUID | kernel.MS_STRICTATIME, "mode=755,size=65536k")
    for name, (major, minor) in NODES.items():
        path = f"{dev}/{name}"
        if identities.in_user_namespace:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
            kernel.attach_mount(kernel.clone_mount(f"/dev/{name}"), path)
        else:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for name, target in _LINKS.items():
        os.symlink(target, f"{dev}/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"{dev}/{name}", 0o755)
    group = f",gid={TTY_GROUP}" if identities.has_group(TTY_GROUP) else ""
    options = f"newinstance,ptmxmode=0666,mode=0620{group}"
    kernel.mount("devpts", f"{dev}/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, options)
    kernel.mount("shm", f"{dev}/shm", "tmpfs", _NO_EXEC, f"mode=1777,size={DEFAULT_SHM_SIZE}")
    kernel.mount("mqueue", f"{dev}/mqueue", "mqueue", _NO_EXEC)
    if insecure and not identities.in_user_namespace:
        _add_machine_nodes(dev)


def resize_shm(size: int) -> None:
    """Of the /dev that this process sees."""
    kernel.mount("", "/dev/shm", "", kernel.MS_REMOUNT | _NO_EXEC, f"size={size}")  # noqa: S108 - a mount point


def machine_nodes() -> list[tuple[str, str, int, int]]:
    """What an insecure process gets besides, as in BuildKit: name, `c` or `b`, major and minor number."""
    loops = [(f"loop{number}", "b", _LOOP, number) for number in range(_LOOPS)]
    return [(name, "c", *numbers) for name, numbers in _MACHINE_NODES.items()] + loops


def _add_machine_nodes(dev: str) -> None:
    os.mkdir(f"{dev}/net", 0o755)
    for name, kind, major, minor in machine_nodes():
        os.mknod(f"{dev}/{name}", (stat.S_IFCHR if kind == "c" else stat.S_IFBLK) | 0o666, os.makedev(major, minor))
