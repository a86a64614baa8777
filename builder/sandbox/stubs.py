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
from builder.sandbox.merged import Merged

_MAX_LINKS = 40


class Target(NamedTuple):
    path: str
    """Absolute in the root filesystem, free of symlinks."""
    exists: bool
    is_directory: bool
    """What is to stand there where nothing does yet."""
    mode: int = 0o755
    """Of the directory that is to stand there: runc gives a tmpfs the mode of what it covers."""


def resolve(tree: Merged, path: str, is_directory: bool) -> Target:
    """Where `path` leads in the tree. What does not exist, also behind a dangling link, is taken as a plain name."""
    todo = _parts(path)
    here, exists, links = "", True, 0
    while todo:
        part = todo.pop()
        if part == "..":
            here = os.path.dirname(here).rstrip("/")
            continue
        step = f"{here}/{part}"
        place = tree.find(step)
        exists = place is not None
        if place is None or not os.path.islink(place):
            here = step
            continue
        links += 1
        if links > _MAX_LINKS:
            raise SandboxError("bad-mount-target", f"{path}: too many symbolic links")
        link = os.readlink(place)
        here = "" if link.startswith("/") else here
        todo += _parts(link)
    return Target(here or "/", exists, is_directory)


def _parts(path: str) -> list[str]:
    """Last first: to be popped."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def plant(tree: Merged, directory: str, missing: Iterable[Target]) -> None:
    """Makes `directory` and in it what the tree lacks, below copies of the parents that the tree has."""
    os.mkdir(directory, 0o755)
    parents: list[tuple[str, str]] = []
    for target in missing:
        parent, _, name = target.path.rpartition("/")
        stub = f"{_plant_parents(tree, directory, parent, parents)}/{name}"
        if target.is_directory:
            os.makedirs(stub, 0o755, exist_ok=True)
            os.chmod(stub, target.mode)
        elif not os.path.lexists(stub):
            os.close(os.open(stub, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    for original, copy in parents:
        status = os.stat(original)
        os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))


def _plant_parents(tree: Merged, directory: str, path: str, parents: list[tuple[str, str]]) -> str:
    stub = directory + path
    if not os.path.lexists(stub):
        _plant_parents(tree, directory, path.rpartition("/")[0], parents)
        original = tree.find(path)
        if original is not None and not os.path.isdir(original):
            raise SandboxError("bad-mount-target", f"{path} is not a directory, so nothing can be mounted below it")
        os.mkdir(stub, 0o755)
        if original is not None:
            copy_attributes(original, stub)
            parents.append((original, stub))
    return stub


def copy_attributes(source: str, target: str) -> None:
    """Owner, mode and extended attributes of a directory, so that its copy stands for it in an overlay."""
    status = os.stat(source)
    os.chown(target, status.st_uid, status.st_gid)
    os.chmod(target, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(source):
        if ".overlay." not in name:
            os.setxattr(target, name, os.getxattr(source, name))
