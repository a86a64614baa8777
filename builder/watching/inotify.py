"""The kernel's inotify(7): tells what happens to the names in a folder, not below."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from collections.abc import Iterator
from typing import NamedTuple

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_Q_OVERFLOW = 0x4000
_ONLYDIR = 0x0100_0000
_WANTED = (
    _MODIFY
    | _ATTRIB
    | _CLOSE_WRITE
    | _MOVED_FROM
    | _MOVED_TO
    | _CREATE
    | _DELETE
    | _DELETE_SELF
    | _MOVE_SELF
    | _ONLYDIR
)
"""Not that a file was opened or read: a build does that itself."""

_EVENT = struct.Struct("iIII")
_BUFFER = 1 << 16

_libc = ctypes.CDLL(None, use_errno=True)


class Happened(NamedTuple):
    watch: int
    """As `Inotify.watch` gave it; -1 where the kernel had too much to tell, so that anything may have happened."""
    name: str
    """Empty: it happened to the folder itself."""


class Inotify:
    """One queue of the kernel. Whoever makes it closes it."""

    def __init__(self) -> None:
        """Raises OSError, EMFILE where the user has too many (`fs.inotify.max_user_instances`)."""
        self._fd = _checked(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))

    def close(self) -> None:
        os.close(self._fd)

    def watch(self, folder: str) -> int:
        """The same number for the same folder, whatever its path is by now. Raises OSError: ENOSPC where the user has
        too many watches (`fs.inotify.max_user_watches`)."""
        return _checked(_libc.inotify_add_watch(self._fd, os.fsencode(folder), _WANTED))

    def forget(self, watch: int) -> None:
        """Of a folder that is gone, too."""
        _libc.inotify_rm_watch(self._fd, watch)

    def wait(self, seconds: float | None) -> list[Happened]:
        """What has happened, as soon as something has; nothing after so many `seconds` (None: for ever)."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        if not poll.poll(None if seconds is None else max(seconds, 0) * 1000):
            return []
        return list(_events(os.read(self._fd, _BUFFER)))


def _events(data: bytes) -> Iterator[Happened]:
    at = 0
    while at < len(data):
        watch, mask, _, length = _EVENT.unpack_from(data, at)
        at += _EVENT.size
        if mask & (_WANTED | _Q_OVERFLOW):
            yield Happened(watch, os.fsdecode(data[at : at + length].rstrip(b"\0")))
        at += length


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
