"""Where records of builds are. Safe between processes: a folder has its name for good, and goes as a whole."""

from __future__ import annotations

import os
from contextlib import suppress

from builder.lean import NamedTuple, sha256_hex
from builder.store.store import Store

FOLDER = "history"
FILE = "build.json"
MOST = 300
"""So many builds stay."""


class Place(NamedTuple):
    """The folder of one build."""

    path: str
    id: str
    started: float
    """Seconds since 1970."""
    project: str
    """Stands for the Buildfile's path: see `project_word`."""

    def log(self, step: str) -> str:
        """Where the output of a step is, whole, if it has any."""
        return f"{self.path}/{step}.log"


def project_word(path: str) -> str:
    return sha256_hex(os.fsencode(path))[:12]


def new_place(store: Store, identifier: str, started: float, project: str) -> Place:
    """Makes nothing yet. Its name comes after all others, even where the clock was set back."""
    folder, word = store.folder(FOLDER), project_word(project)
    last = _parse(folder, max(os.listdir(folder), default=""))
    started = max(started, last.started + 1e-6) if last else started
    name = f"{round(started * 1e6):014x}-{identifier}-{word}"
    return Place(f"{folder}/{name}", identifier, started, word)


def places(store: Store) -> list[Place]:
    """Newest first."""
    folder = store.folder(FOLDER)
    found = (_parse(folder, name) for name in sorted(os.listdir(folder), reverse=True))
    return [place for place in found if place is not None]


def remove(place: Place) -> None:
    """Afterwards the build is no longer in the history. A link goes, and not what it leads to."""
    try:
        fd = os.open(place.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        os.unlink(place.path)
        return
    try:
        for name in [FILE, *os.listdir(fd)]:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=fd)
        with suppress(FileNotFoundError):
            os.rmdir(place.path)
    finally:
        os.close(fd)


def forget_oldest(store: Store) -> None:
    """Afterwards no more than MOST are left, but for what cannot be removed."""
    if len(os.listdir(store.folder(FOLDER))) > MOST:
        for place in places(store)[MOST:]:
            with suppress(OSError):
                remove(place)


def _parse(folder: str, name: str) -> Place | None:
    time, _, rest = name.partition("-")
    identifier, _, project = rest.partition("-")
    try:
        return Place(f"{folder}/{name}", identifier, int(time, 16) / 1e6, project) if project else None
    except ValueError:
        return None
