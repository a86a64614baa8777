"""Mount points that the image lacks, given without a trace in the layer.

A mount needs something to stand on. What is missing is made in a directory of its own that becomes the topmost
*lower* directory of the overlay: the upper directory, which becomes the layer, never hears of it, whatever happens to
the process. (BuildKit makes stubs in the upper directory, removes them afterwards if they are still empty and puts
times back.) Only /proc, /dev and /sys are made in the layer itself, as BuildKit does and leaves them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import NamedTuple

from builder.errors import SandboxError

_MAX_LINKS = 40


class Target(NamedTuple):
    path: str
    """Absolute in the root filesystem, free of symlinks."""
    exists: bool
    is_directory: bool
    """What is to stand there where nothing does yet."""


def resolve(root: str, path: str, is_directory: bool) -> Target:
    """Where `path` leads inside `root`. What does not exist, also behind a dangling link, is taken as a plain name.

    Only for a tree that nobody else changes meanwhile.
    """
    todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    here, exists, links = "", True, 0
    while todo:
        part = todo.pop()
        if part == "..":
            here = os.path.dirname(here)
            continue
        step = f"{here}/{part}"
        try:
            mode = os.lstat(root + step).st_mode
        except (FileNotFoundError, NotADirectoryError):
            here, exists = step, False
            continue
        exists = True
        if not stat.S_ISLNK(mode):
            here = step
            continue
        links += 1
        if links > _MAX_LINKS:
            raise SandboxError("bad-mount-target", f"{path}: too many symbolic links")
        link = os.readlink(root + step)
        here = "" if link.startswith("/") else here
        todo += [part for part in reversed(link.split("/")) if part not in ("", ".")]
    return Target(here or "/", exists, is_directory)


def plant(root: str, directory: str, targets: Iterable[Target]) -> bool:
    """Makes in `directory` what `root` lacks of `targets`, below copies of the parents' attributes. False: nothing."""
    missing = [target for target in targets if not target.exists]
    for target in missing:
        parent = _plant_parents(root, directory, os.path.dirname(target.path))
        stub = os.path.join(parent, os.path.basename(target.path))
        if target.is_directory:
            os.makedirs(stub, 0o755, exist_ok=True)
        elif not os.path.lexists(stub):
            os.close(os.open(stub, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    if missing:
        _copy_times(root, directory)
    return bool(missing)


def _plant_parents(root: str, directory: str, path: str) -> str:
    stub = os.path.join(directory, path.lstrip("/"))
    if path != "/" and not os.path.lexists(stub):
        _plant_parents(root, directory, os.path.dirname(path))
        os.mkdir(stub, 0o755)
        if os.path.lexists(root + path):
            copy_attributes(root + path, stub)
    return stub


def copy_attributes(source: str, target: str) -> None:
    """Owner, mode and extended attributes of a directory, so that its copy stands for it in an overlay."""
    status = os.stat(source)
    os.chown(target, status.st_uid, status.st_gid)
    os.chmod(target, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(source):
        if ".overlay." not in name:
            os.setxattr(target, name, os.getxattr(source, name))


def _copy_times(root: str, directory: str) -> None:
    for parent, _, _ in os.walk(directory, topdown=False):
        original = root + parent[len(directory) :]
        if os.path.isdir(original):
            status = os.stat(original)
            os.utime(parent, ns=(status.st_atime_ns, status.st_mtime_ns))
