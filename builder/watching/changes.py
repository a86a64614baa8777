"""Waits for changes of files."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from builder.errors import ContextError
from builder.watching.folders import folders_of
from builder.watching.inotify import Happened, Inotify
from builder.watching.places import Place

_QUIET, _LONGEST = 0.15, 2.0
"""Seconds: a change is over when nothing has happened for so long; at the latest after so long."""
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)
"""Of a folder that has just been found: gone again, which is a change too, or not ours to read."""


class Changes:
    def __init__(self, places: Sequence[Place], store: str, inotify: Inotify) -> None:
        """What happens in the store, which may be inside of a context, is our own doing, but for its index. Raises
        ContextError `cannot-watch`."""
        self._places = places
        self._store = os.path.abspath(store)
        self._inotify = inotify
        self._folders: dict[int, list[str]] = {}
        """By watch; a folder may have several paths."""
        self._renew()

    def wait(self) -> frozenset[str]:
        """Paths, once something has changed and it is quiet again. What changed since the last call counts; what is in
        a folder that came meanwhile is not told, but seen by whoever looks after this. Raises ContextError
        `cannot-watch`."""
        found: set[str] = set()
        while not found:
            found.update(self._paths(self._inotify.wait(None)))
        now = monotonic()
        quiet, end = now + _QUIET, now + _LONGEST
        while (left := min(quiet, end) - monotonic()) > 0:
            if more := set(self._paths(self._inotify.wait(left))):
                found |= more
                quiet = monotonic() + _QUIET
        self._renew()
        return frozenset(found)

    def _paths(self, happened: Iterable[Happened]) -> Iterator[str]:
        """Those that count."""
        for watch, name in happened:
            if watch < 0:
                yield from (place.folder for place in self._places)
            for folder in self._folders.get(watch, ()):
                path = f"{folder.rstrip('/')}/{name}".rstrip("/")
                ours = path.startswith(f"{self._store}/") and path != f"{self._store}/index.json"
                if not ours and any(place.holds(path) for place in self._places):
                    yield path

    def _renew(self) -> None:
        """Afterwards the folders that are there now are watched, and no others."""
        wanted = dict.fromkeys(folder for place in self._places for folder in folders_of(place, self._store))
        folders: dict[int, list[str]] = {}
        for folder in wanted:
            try:
                folders.setdefault(self._inotify.watch(folder), []).append(folder)
            except OSError as error:
                if error.errno not in _GONE:
                    raise _cannot_watch(error, f"{len(wanted)} folders are more than a user may watch") from error
        for watch in self._folders.keys() - folders.keys():
            self._inotify.forget(watch)
        self._folders = folders


@contextmanager
def watching(places: Sequence[Place], store: str) -> Iterator[Changes]:
    """Raises ContextError `cannot-watch`."""
    try:
        inotify = Inotify()
    except OSError as error:
        raise _cannot_watch(error, "too many programs of this user watch files") from error
    try:
        yield Changes(places, store, inotify)
    finally:
        inotify.close()


def _cannot_watch(error: OSError, limit: str) -> ContextError:
    """`limit`: which one it is, if it is one."""
    is_limit = error.errno in (errno.ENOSPC, errno.EMFILE)
    hint = (
        "raise fs.inotify.max_user_watches, or fs.inotify.max_user_instances for more programs, with sysctl; "
        "folders that an ignore file leaves out whole do not count"
    )
    message = f"the build's inputs cannot be watched: {limit if is_limit else error.strerror}"
    return ContextError("cannot-watch", message, hint=hint if is_limit else "")
