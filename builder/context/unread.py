"""A folder as a tree whose large files are not read for their digest: whoever copies them reads them anyway."""

from __future__ import annotations

from collections.abc import Iterator

from builder.lean import TYPE_CHECKING
from builder.model.entry import Entry

if TYPE_CHECKING:
    from builder.context.folder import FolderContext
    from builder.context.narrowing import Choice

LARGE = 32 << 20
"""Bytes of a file; it takes 20 ms to hash so many."""


class LargeUnread:
    """Files of LARGE bytes have no digest where it is not known."""

    def __init__(self, folder: FolderContext) -> None:
        self._folder = folder

    def get(self, path: str) -> Entry | None:
        return self._folder.get(path, LARGE)

    def children(self, path: str) -> list[str]:
        return self._folder.children(path)

    def resolve(self, path: str) -> str:
        return self._folder.resolve(path)

    def walk(self, path: str, choice: Choice | None = None) -> Iterator[Entry]:
        return self._folder.walk(path, choice, LARGE)

    def state(self, path: str) -> str | None:
        return self._folder.state(path)
