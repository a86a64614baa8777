"""Waits for changes of files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from time import monotonic

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from builder.errors import ContextError
from builder.watching.folders import folders_of
from builder.watching.places import Place

_QUIET, _LONGEST = 0.15, 2.0
"""Seconds: a change is over when nothing has happened for so long; at the latest after so long."""
_KINDS: list[type[FileSystemEvent]] = [
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""Not that a file was opened or read: we do that ourselves."""


class Changes(FileSystemEventHandler):
    def __init__(self, places: Sequence[Place], store: str) -> None:
        """What happens in the store, which may be inside of a context, is our own doing, but for its index."""
        self._places = places
        self._store = f"{os.path.abspath(store)}/"
        self._seen: SimpleQueue[str] = SimpleQueue()
        self.watch_folders: Callable[[], None] = lambda: None
        """Called when something has changed: there may be other folders now."""

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
            ours = path.startswith(self._store) and path != f"{self._store}index.json"
            if not ours and any(place.holds(path) for place in self._places):
                self._seen.put(path)

    def wait(self) -> frozenset[str]:
        """Paths, once something has changed and it is quiet again. What changed since the last call counts."""
        found = {self._seen.get()}
        end = monotonic() + _LONGEST
        while (left := min(_QUIET, end - monotonic())) > 0:
            try:
                found.add(self._seen.get(timeout=left))
            except Empty:
                break
        self.watch_folders()
        return frozenset(found)


@contextmanager
def watching(places: Sequence[Place], store: str) -> Iterator[Changes]:
    """Raises ContextError `cannot-watch`."""
    changes = Changes(places, store)
    observer = Observer()
    watched = _Watched(places, changes, observer)
    changes.watch_folders = watched.renew
    watched.renew()
    try:
        with _telling_the_limit():
            observer.start()
        yield changes
    finally:
        if observer.is_alive():
            observer.stop()
            observer.join()


class _Watched:
    """Folders that come and go. A folder that is another one under the same name is watched anew."""

    def __init__(self, places: Sequence[Place], changes: Changes, observer: BaseObserver) -> None:
        self._places = places
        self._changes = changes
        self._observer = observer
        self._watches: dict[tuple[str, bool, int], ObservedWatch] = {}

    def renew(self) -> None:
        wanted: dict[str, bool] = {}
        for place in self._places:
            for folder, is_deep in folders_of(place):
                wanted[folder] = is_deep or wanted.get(folder, False)
        keys = {(folder, is_deep, _number(folder)) for folder, is_deep in wanted.items()}
        for key in self._watches.keys() - keys:
            self._observer.unschedule(self._watches.pop(key))
        for key in keys - self._watches.keys():
            folder, is_deep, _ = key
            with _telling_the_limit():
                try:
                    watch = self._observer.schedule(self._changes, folder, recursive=is_deep, event_filter=_KINDS)
                except FileNotFoundError:  # gone again, which is a change, too
                    continue
            self._watches[key] = watch


@contextmanager
def _telling_the_limit() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = (
            "`sysctl fs.inotify.max_user_watches` tells how many folders may be watched; what an ignore file leaves "
            "out at the top of a context does not count"
        )
        message = f"the build's inputs cannot be watched: {os.strerror(error.errno or errno.EIO)}"
        raise ContextError("cannot-watch", message, hint=hint) from error


def _number(folder: str) -> int:
    """0 where it is gone."""
    try:
        return os.stat(folder).st_ino
    except OSError:
        return 0
