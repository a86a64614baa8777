"""What the commands of steps write, one file for each step, whole and as it came; values of secrets are replaced."""

from __future__ import annotations

import os
from contextlib import suppress

from builder.builds.folder import Place

HIDDEN = b"***"
_SHORTEST = 4
"""Shorter values would be found everywhere."""


class Logs:
    """One thread for each step; steps may write at once."""

    def __init__(self, place: Place, secrets: tuple[bytes, ...]) -> None:
        self._place = place
        self._files: dict[str, _Log] = {}
        self._secrets = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        with suppress(OSError):
            os.makedirs(place.path, 0o700, exist_ok=True)

    def add(self, step: str, data: bytes) -> None:
        log = self._files.get(step)
        if log is None:
            log = self._files[step] = _Log(self._place.log(step), self._secrets)
        log.add(data)

    def close(self) -> dict[str, int]:
        """How many bytes each step wrote. Afterwards all is in the files."""
        return {step: log.close() for step, log in self._files.items()}


class _Log:
    def __init__(self, path: str, secrets: list[bytes]) -> None:
        self._secrets = secrets
        self._held = b""
        """The end of what came: it may be the beginning of a secret."""
        self._count = 0
        self._fd = -1
        with suppress(OSError):
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def add(self, data: bytes) -> None:
        if not self._secrets:
            self._write(data)
            return
        data = self._hide(self._held + data)
        keep = self._tail(data)
        self._held = data[len(data) - keep :]
        self._write(data[: len(data) - keep])

    def close(self) -> int:
        self._write(self._hide(self._held))
        if self._fd >= 0:
            os.close(self._fd)
        return self._count

    def _hide(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, HIDDEN)
        return data

    def _tail(self, data: bytes) -> int:
        """How many bytes at the end of `data` begin a secret."""
        longest = min(len(self._secrets[0]) - 1, len(data))
        return next((n for n in range(longest, 0, -1) if any(s.startswith(data[-n:]) for s in self._secrets)), 0)

    def _write(self, data: bytes) -> None:
        """A disk that is full loses the rest of a log, and no build."""
        while data and self._fd >= 0:
            try:
                written = os.write(self._fd, data)
            except OSError:
                os.close(self._fd)
                self._fd = -1
                return
            self._count += written
            data = data[written:]
