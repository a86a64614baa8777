"""Making writes survive a machine that stops."""

from __future__ import annotations

import os


def sync_filesystem(path: str) -> None:
    """Afterwards everything written so far to the filesystem of `path` is on the disk, by whichever process.

    Raises OSError where the kernel could not write something back.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):  # neither in glibc before 2.14 nor in every other libc
        os.sync()
        return
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), path)
    finally:
        os.close(fd)


def sync_directory(path: str) -> None:
    """Afterwards the names in the directory `path` survive."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def boot_id() -> str:
    """Names this run of the kernel; empty where it cannot be told."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""
