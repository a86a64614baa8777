"""Removing directory trees."""

from __future__ import annotations

import os
from collections.abc import Callable

Remover = Callable[[str], None]
"""Removes a directory tree; files of foreign uids may be in it. A tree that is gone already is no error."""

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: str) -> None:
    """A Remover with our own rights only: raises PermissionError where they do not suffice.

    It goes down with one descriptor and no recursion (a layer may be 10,000 directories deep) and follows no link.
    """
    parent, name = os.path.split(path)
    try:
        above = os.open(parent or ".", _OPEN)
    except FileNotFoundError:
        return
    try:
        _remove(above, name)
    except FileNotFoundError:
        return


def _remove(above: int, name: str) -> None:
    """Takes over the descriptor `above`."""
    names = [name]
    pending = [[name]]
    here = above
    try:
        while pending:
            if pending[-1]:
                names.append(pending[-1].pop())
                child = _enter(here, names[-1])
                os.close(here)
                here = child
                pending.append(_empty(here))
                continue
            pending.pop()
            if pending:
                outside = os.open("..", _OPEN, dir_fd=here)
                os.close(here)
                here = outside
                os.rmdir(names.pop(), dir_fd=here)
    finally:
        os.close(here)


def _enter(above: int, name: str) -> int:
    try:
        return os.open(name, _OPEN, dir_fd=above)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=above)
        return os.open(name, _OPEN, dir_fd=above)


def _empty(here: int) -> list[str]:
    """Unlinks all but the directories of `here`, whose names it returns. Whoever owns a directory may write to it."""
    with os.scandir(here) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    if found and os.fstat(here).st_uid == os.geteuid():
        os.fchmod(here, 0o700)
    for name, is_directory in found:
        if not is_directory:
            os.unlink(name, dir_fd=here)
    return [name for name, is_directory in found if is_directory]
