"""What a stack of layer directories shows, looked up without mounting it."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from builder.sandbox.identity import own_identities


class _Found(NamedTuple):
    place: str | None
    folders: list[str]
    """All that are merged, topmost first, where it is a directory."""


def opaque_attribute() -> str:
    """The attribute by which overlayfs knows an opaque directory, in the kind of mount that this process makes."""
    return "user.overlay.opaque" if own_identities().in_user_namespace else "trusted.overlay.opaque"


class Merged:
    """The rules of overlayfs: a whiteout (device 0:0) hides the name below, an opaque directory all that is below it,
    and anything but a directory hides what has its name. Only for directories that nobody changes meanwhile."""

    def __init__(self, lowers: tuple[str, ...]) -> None:
        everything = list(reversed(lowers))
        self._seen: dict[str, _Found] = {"": _Found(everything[0] if everything else None, everything)}
        self._opaque = opaque_attribute()

    def find(self, path: str) -> str | None:
        """Where on this machine the topmost one of `path` lies, for a path of plain names (`/etc/hosts`; the root is
        empty); None where there is nothing, or where a parent is anything but a directory."""
        return self._look(path).place

    def exists(self, path: str) -> bool:
        return self._look(path).place is not None

    def is_folder(self, path: str) -> bool:
        return bool(self._look(path).folders)

    def names(self, path: str) -> list[str]:
        """What the directory `path` holds, sorted."""
        listed = {name for folder in self._look(path).folders for name in os.listdir(folder)}
        return sorted(name for name in listed if self.find(f"{path}/{name}") is not None)

    def _look(self, path: str) -> _Found:
        if path not in self._seen:
            parent, _, name = path.rpartition("/")
            self._seen[path] = self._merge(self._look(parent).folders, name)
        return self._seen[path]

    def _merge(self, above: list[str], name: str) -> _Found:
        folders: list[str] = []
        for folder in above:
            place = f"{folder}/{name}"
            if not os.access(place, os.F_OK, follow_symlinks=False):  # most are not there: half of what an error costs
                continue
            status = os.lstat(place)
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                break
            if not stat.S_ISDIR(status.st_mode):
                return _Found(folders[0] if folders else place, folders)
            folders.append(place)
            if self._is_opaque(place):
                break
        return _Found(folders[0] if folders else None, folders)

    def _is_opaque(self, folder: str) -> bool:
        try:
            return os.getxattr(folder, self._opaque) == b"y"
        except OSError:
            return False
