"""Files that have been told one by one: the members of an archive, a download, nothing at all.

2026-11-24: an archive that is a context is not unpacked. Its headers are read into a tree as a layer's are, and files
are read where they lie in it: so no name in a hostile archive can reach anything, owners are kept as BuildKit keeps
them whoever runs the build, and there is nothing to be cleaned up. A compressed archive is unpacked to a file that has
no name, which the system takes back however the build ends.
"""

from __future__ import annotations

import hashlib
import os
from _thread import RLock
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from builder.context.filetree import Files
from builder.context.ignore import Rule
from builder.context.stack import StackTree
from builder.errors import ContextError, LayerError
from builder.layers.archive import archive_items
from builder.layers.members import FileSource
from builder.layers.pack import Item, Opener
from builder.layers.tree import Node, Tree
from builder.model.entry import Entry, Kind

_CHUNK = 1 << 20


class ListedContext(StackTree):
    """`items` are sorted; their openers hold until `opened` is closed, which `close` does. No ignore file counts:
    BuildKit reads one only for folders."""

    def __init__(self, items: Sequence[Item], opened: ExitStack, spool: str | None = None) -> None:
        super().__init__(Tree.of([[entry for entry, _ in items]]))
        self._openers = {entry.path: opener for entry, opener in items if opener}
        self._digests: dict[str, str] = {}
        self._opened = opened
        self._spool = spool
        self._lock = RLock()

    def open(self, path: str) -> int:
        node = self._tree.get(path)
        entry = self._tree.content(node) if node else None
        opener = self._openers.get(entry.path) if entry else None
        if entry is None or opener is None:
            return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return _as_descriptor(opener, entry.size, self._spool)

    def ignored_by(self, path: str) -> Rule | None:  # noqa: ARG002 - see the class
        return None

    def large_unread(self) -> Files:
        return self

    def learn(self, path: str, digest: str) -> None:
        """All have been read."""

    def state(self, path: str) -> str | None:  # noqa: ARG002 - nothing of an archive is kept for a later build
        return None

    def close(self) -> None:
        self._opened.close()

    def _as_file(self, node: Node) -> Entry:
        entry = self._tree.content(node)
        if entry.kind is Kind.FILE and not entry.digest:
            entry = entry._replace(digest=self._digest(entry.path))
        return entry._replace(path=node.entry.path)

    def _digest(self, path: str) -> str:
        with self._lock:
            if path not in self._digests:
                digest = hashlib.sha256()
                opener = self._openers.get(path)
                for data in _content(opener) if opener else ():
                    digest.update(data)
                self._digests[path] = digest.hexdigest()
            return self._digests[path]


def archive_context(fd: int, where: str, spool: str) -> ListedContext:
    """The archive open at `fd`, which now belongs to the context. Raises ContextError where it is damaged."""
    opened = ExitStack()
    opened.callback(os.close, fd)
    try:
        items = opened.enter_context(archive_items(fd, spool))
        return ListedContext(items, opened, spool)
    except LayerError as error:
        opened.close()
        raise ContextError(error.code, f"{where} cannot be the context: {error.message}", hint=error.hint) from error
    except BaseException:
        opened.close()
        raise


def one_file_context(fd: int, entry: Entry, spool: str) -> ListedContext:
    """A tree of one file, whose content is open at `fd`, which now belongs to the context."""
    opened = ExitStack()
    opened.callback(os.close, fd)
    return ListedContext([(entry, lambda: _FromStart(fd))], opened, spool)


class _FromStart(FileSource):
    """The content of an open file, whatever others read of it."""

    def close(self) -> None:
        """The file stays open: it is the context's."""


def empty_context() -> ListedContext:
    return ListedContext((), ExitStack())


def _content(opener: Opener) -> Iterator[bytes]:
    opened = opener()
    if isinstance(opened, int):
        with open(opened, "rb", buffering=0) as file:
            while data := file.read(_CHUNK):
                yield data
        return
    try:
        while data := opened.read(_CHUNK):
            yield data
    finally:
        opened.close()


def _as_descriptor(opener: Opener, size: int, spool: str | None) -> int:
    """A descriptor on the content alone, from its beginning."""
    opened = opener()
    if isinstance(opened, int):
        return opened
    try:
        fd = _nameless(size, spool)
        with open(fd, "wb", closefd=False) as file:
            while data := opened.read(_CHUNK):
                file.write(data)
    finally:
        opened.close()
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _nameless(size: int, spool: str | None) -> int:
    """An empty file, in memory if little will be written to it."""
    if size <= _CHUNK:
        return os.memfd_create("content", os.MFD_CLOEXEC)
    from tempfile import TemporaryFile

    with TemporaryFile(dir=spool, buffering=0) as file:
        return os.dup(file.fileno())
