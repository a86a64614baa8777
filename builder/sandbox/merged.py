"""What a stack of layer directories shows, looked up without mounting it."""

from __future__ import annotations

import os
import stat

from builder.sandbox.identity import own_identities


class Merged:
    """The rules of overlayfs: a whiteout (device 0:0) hides the name below, an opaque directory all that is below it,
    and anything but a directory hides what has its name. Only for directories that nobody changes meanwhile."""

    def __init__(self, lowers: tuple[str, ...]) -> None:
        self._seen: dict[str, list[str]] = {"": list(reversed(lowers))}
        self._opaque = "user.overlay.opaque" if own_identities().in_user_namespace else "trusted.overlay.opaque"

    def find(self, path: str) -> str | None:
        """Where on this machine the topmost one of `path` lies, for a path of plain names (`/etc/hosts`; the root is
        empty) below real directories; None where there is nothing."""
        places = self._places(path)
        return places[0] if places else None

    def _places(self, path: str) -> list[str]:
        if path not in self._seen:
            parent, _, name = path.rpartition("/")
            self._seen[path] = list(self._merge(self._places(parent), name))
        return self._seen[path]

    def _merge(self, folders: list[str], name: str) -> list[str]:
        places: list[str] = []
        for folder in folders:
            place = f"{folder}/{name}"
            try:
                status = os.lstat(place)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                break
            is_folder = stat.S_ISDIR(status.st_mode)
            if is_folder or not places:
                places.append(place)
            if not is_folder or self._is_opaque(place):
                break
        return places

    def _is_opaque(self, folder: str) -> bool:
        try:
            return os.getxattr(folder, self._opaque) == b"y"
        except OSError:
            return False
