"""Making writes survive a machine that stops."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress

_FEW = 12


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


def sync_written(paths: Collection[str], filesystem: str) -> None:
    """Afterwards `paths`, which are on the filesystem of the directory `filesystem`, are on the disk, with their names.

    A few files are synced one by one, so that a small build does not wait for what other programs have written; for
    many, or for a tree, one sync of the whole filesystem is quicker.
    """
    if len(paths) > _FEW or any(os.path.isdir(path) for path in paths):
        sync_filesystem(filesystem)
        return
    for path in paths:
        with suppress(FileNotFoundError):  # removed meanwhile
            _sync(path, 0)
    for folder in sorted({os.path.dirname(path) for path in paths}):
        sync_directory(folder)


def sync_directory(path: str) -> None:
    """Afterwards the names in the directory `path` survive."""
    _sync(path, os.O_DIRECTORY)


def _sync(path: str, flags: int) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
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
