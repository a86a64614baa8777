"""A diskcache.Disk that stores JSON text in the database's own rows, and nothing else."""

from __future__ import annotations

from typing import Final

import diskcache
from diskcache.core import MODE_RAW, UNKNOWN

_REFUSED: Final = None


# Parameters have the names by which diskcache gives them.
# ruff: noqa: ARG002


class JsonDisk(diskcache.Disk):  # type: ignore[misc] # diskcache has no types
    """Never pickles, never unpickles, and touches no file that a row names (CVE-2025-69872).

    Keys and values are `str`. Whatever else a database holds is read as None.
    """

    def __init__(self, directory: str, **settings: object) -> None:
        """The settings that a database file brings along are ignored."""
        super().__init__(directory)

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError(f"a key is text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str | None:
        return key if raw and type(key) is str else _REFUSED

    def store(self, value: object, read: bool, key: object = UNKNOWN) -> tuple[int, int, None, str]:
        if read or type(value) is not str:
            raise TypeError(f"a value is JSON text, not {type(value).__name__}")
        return len(value), MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> str | None:
        plain = mode == MODE_RAW and filename is None and not read
        return value if plain and type(value) is str else _REFUSED

    def filename(self, key: object = UNKNOWN, value: object = UNKNOWN) -> tuple[str, str]:
        raise TypeError("values are not stored in files")

    def remove(self, file_path: str) -> None:
        """Does nothing: there are no files, so a name in a row is not ours."""
