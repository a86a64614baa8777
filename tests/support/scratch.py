"""The folder below which one run of the tests works. pytest's own are not used: it keeps the folders of three runs and
removes older ones by recursion, so that one folder that it cannot remove (a thousand levels deep, files of other
users: what a test leaves that failed or was killed) makes every later run fail, at its very end."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
import time
from pathlib import Path

PREFIX = "pybuild-tests-"
KEPT_FOR = 24 * 3600  # seconds that the folder of a failed run can be looked at


class Scratch:
    """Locked for as long as the run lasts, so that no other run takes it for left over."""

    def __init__(self) -> None:
        place = os.environ.get("PYTEST_DEBUG_TEMPROOT") or tempfile.gettempdir()
        _remove_old(Path(place))
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self._lock = _locked(self._folder)
        self.base = self._folder / "t"  # short: sockets below it have paths of 107 bytes at most

    def remove(self) -> str:
        """What is in the way of it, in a word of the program that removes; empty when the folder is gone."""
        self.unlock()
        return remove(self._folder)

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove(folder: Path) -> str:
    """However deep it is, and with the files of an ordinary user's subordinate ids. Mounts are not removed: whoever
    left one has to unmount it."""
    command = ["rm", "-rf", "--one-file-system", "--", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and os.geteuid():
        command = ["unshare", "--user", "--map-root-user", "--map-auto", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip()


def _remove_old(place: Path) -> None:
    """Left by runs that failed or were killed. That one of them resists is no fault of the run that begins."""
    for folder in place.glob(f"{PREFIX}*"):
        try:
            looks = folder.lstat()
            if looks.st_uid != os.geteuid() or looks.st_mtime > time.time() - KEPT_FOR:
                continue
            lock = _locked(folder)
        except OSError:
            continue
        if lock is not None:
            remove(folder)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Nothing if somebody holds it. The lock goes with the descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
