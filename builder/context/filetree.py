"""What COPY needs of a tree of files, be it a context folder or a stack of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.lean import TYPE_CHECKING, Protocol
from builder.model.entry import Entry, Kind

if TYPE_CHECKING:
    from builder.context.ignore import Rule
    from builder.context.narrowing import Choice


class FileTree(Protocol):
    """Paths are as in `Entry.path`; the empty path is the root, which is always a directory."""

    def get(self, path: str) -> Entry | None:
        """The entry at `path`, None where there is none; never a HARDLINK, and a file has its digest. No symlink is
        followed, neither the last part nor one on the way: give it what `resolve` returned, or a path below that."""

    def children(self, path: str) -> list[str]:
        """Names in the directory at `path`, sorted by their bytes; empty if it is not a directory."""

    def resolve(self, path: str) -> str:
        """`path` with every symlink followed, the last part too; `..` and absolute targets stay inside the tree. Parts
        that do not exist are kept as they are. Raises a BuilderError for a loop."""

    def walk(self, path: str, choice: Choice | None = None) -> Iterator[Entry]:
        """Everything that `choice` picks below the directory at `path`, without itself, sorted by the bytes of the
        whole path. Files have their digest. Of files that are one (hard links), the first is a FILE and the others are
        HARDLINKs to it; what lies outside of `path` does not count."""


class Files(FileTree, Protocol):
    """A tree that can tell whether it is as it was."""

    def state(self, path: str) -> str | None:
        """Stands for all that is below the directory at `path`: where states are equal, `walk(path)` gives out the
        same entries, and so in a later build. None where that cannot be told without reading them."""


class Context(Files, Protocol):
    """A tree that a build is given. Safe for several threads."""

    def open(self, path: str) -> int:
        """A new file descriptor on the file at `path`, which is an entry of this tree; the caller closes it."""

    def large_unread(self) -> Files:
        """The same tree, in which large files that have not been read may be without a digest."""

    def learn(self, path: str, digest: str) -> None:
        """Tells the digest of what `open` gave out for a file that was without one."""

    def ignored_by(self, path: str) -> Rule | None:
        """The line of an ignore file that hides `path`, None if none does."""

    def close(self) -> None:
        """Gives back what is open. Safe to repeat; nothing else may be called afterwards."""


Identity = tuple[int, int] | tuple[int, str]
"""What two paths of one file have in common."""


def join_links(entries: Iterable[tuple[Entry, Identity | None]]) -> Iterator[Entry]:
    """Entries in path order with what identifies the file behind them (None: it has one path only), as `walk` must give
    them out."""
    first: dict[Identity, str] = {}
    for entry, identity in entries:
        if identity is None:
            yield entry
        elif identity in first:
            yield Entry(
                entry.path, Kind.HARDLINK, entry.mode, entry.uid, entry.gid, mtime=entry.mtime, link=first[identity]
            )
        else:
            first[identity] = entry.path
            yield entry
