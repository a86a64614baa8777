"""Waits for changes of files."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from time import monotonic

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from builder.errors import ContextError
from builder.watching.places import Place

_QUIET, _LONGEST = 0.15, 2.0
"""Seconds: a change is over when nothing has happened for so long; at the latest after so long."""
_KINDS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
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
        return frozenset(found)


@contextmanager
def watching(places: Sequence[Place], store: str) -> Iterator[Changes]:
    """Raises ContextError `cannot-watch`."""
    changes = Changes(places, store)
    observer = Observer()
    for folder in {place.folder for place in places if os.path.isdir(place.folder)}:
        is_deep = any(place.is_deep for place in places if place.folder == folder)
        observer.schedule(changes, folder, recursive=is_deep, event_filter=_KINDS)
    try:
        observer.start()
    except OSError as error:
        hint = "`sysctl fs.inotify.max_user_watches` tells how many folders may be watched"
        message = f"the build's inputs cannot be watched: {os.strerror(error.errno or errno.EIO)}"
        raise ContextError("cannot-watch", message, hint=hint) from error
    try:
        yield changes
    finally:
        observer.stop()
        observer.join()
