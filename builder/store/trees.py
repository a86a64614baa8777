"""Removing directory trees."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

Remover = Callable[[str], None]
"""Removes a directory tree; files of foreign uids may be in it. A tree that is gone already is no error."""

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: str) -> None:
    """A Remover with our own rights only: raises PermissionError where they do not suffice.

    It goes down with one descriptor and no recursion (a layer may be 10,000 directories deep) and follows no link.
    Another process may remove the same tree: afterwards it is gone for both.
    """
    parent, name = os.path.split(path)
    try:
        above = os.open(parent or ".", _OPEN)
    except FileNotFoundError:
        return
    _remove(above, name)


def _remove(above: int, name: str) -> None:
    """Takes over the descriptor `above`."""
    names: list[str] = []
    pending = [[name]]
    here = above
    try:
        while pending:
            if pending[-1]:
                name = pending[-1].pop()
                with suppress(FileNotFoundError):
                    child = _enter(here, name)
                    os.close(here)
                    here = child
                    names.append(name)
                    pending.append([])
                    pending[-1] += _empty(here)
                continue
            pending.pop()
            if pending:
                outside = os.open("..", _OPEN, dir_fd=here)
                os.close(here)
                here = outside
                with suppress(FileNotFoundError):
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
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=here)
    return [name for name, is_directory in found if is_directory]
