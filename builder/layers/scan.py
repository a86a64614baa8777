"""An overlay's upper directory to the items of a layer.

2026-11-24, as containerd and BuildKit do (their archive and overlay differ): a layer holds every directory that
the upper directory holds, because it carries the metadata that the mount showed, and so the parents of whatever
changed; the root directory itself is never in a layer; sockets are left out. Where BuildKit lists each file that
an opaque directory hides, we write the opaque marker.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial

from builder.errors import LayerError
from builder.layers.attributes import CAPABILITY
from builder.layers.paths import Cursor, open_beneath
from builder.model.entry import Entry, Kind

_OVERLAY_NAMESPACES = ("trusted.overlay.", "user.overlay.")
_OPAQUE = "opaque"
_REFUSED = {
    "redirect": "a renamed directory (redirect_dir)",
    "metacopy": "a file without its content (metacopy)",
}
"""What an upper directory cannot say without its lower ones; our own mounts turn both off."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
"""Non-blocking, so that a file replaced by a fifo meanwhile does not hang the build."""

FileItem = tuple[Entry, Callable[[], int] | None]
"""An item of `pack` whose content is a file."""

_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.DIRECTORY,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFCHR: Kind.CHAR_DEVICE,
    stat.S_IFBLK: Kind.BLOCK_DEVICE,
    stat.S_IFIFO: Kind.FIFO,
}


def scan_upper(root: int | str) -> Iterator[FileItem]:
    """The items of the tree below `root`, in the order that `pack` wants.

    Openers hold as long as the root: a descriptor stays the caller's; for a path, until the iterator ends. Raises
    LayerError `unsupported-upper` for what the upper directory alone does not tell, `unreadable` for what this process
    may not read.
    """
    if isinstance(root, int):
        yield from _Scan(root).items()
        return
    root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield from _Scan(root_fd).items()
    finally:
        os.close(root_fd)


class _Scan:
    def __init__(self, root_fd: int) -> None:
        self._root_fd = root_fd
        self._first_path: dict[tuple[int, int], str] = {}

    def items(self) -> Iterator[FileItem]:
        """Depth first, yet in the byte order of whole paths: what is below `a` comes after `a.txt`, because `/` comes
        after `.`. So each directory stands in the list of its parent twice, to be shown and to be entered."""
        with Cursor(self._root_fd) as cursor:
            pending = self._listing(cursor, "")
            while pending:
                path = os.fsdecode(pending.pop())
                try:
                    if path.endswith("/"):
                        pending += self._listing(cursor, path[:-1])
                        continue
                    parent, _, name = path.rpartition("/")
                    found = list(self._show(path, name, cursor.directory(parent)))
                except OSError as error:
                    raise LayerError("unreadable", f"{path!r} cannot be read: {error.strerror}") from error
                yield from found

    def _listing(self, cursor: Cursor, directory: str) -> list[bytes]:
        """What to show and to enter in `directory`, in reverse order."""
        prefix = os.fsencode(directory) + b"/" if directory else b""
        found: list[bytes] = []
        with os.scandir(cursor.directory(directory)) as children:
            for child in children:
                path = prefix + os.fsencode(child.name)
                found.append(path)
                if child.is_dir(follow_symlinks=False):
                    found.append(path + b"/")
        found.sort(reverse=True)
        return found

    def _show(self, path: str, name: str, dir_fd: int) -> Iterator[FileItem]:
        info = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
        kind = _KINDS.get(stat.S_IFMT(info.st_mode))
        if kind is None:
            return  # a socket: nothing could ever be at its other end
        if kind is Kind.CHAR_DEVICE and info.st_rdev == 0:
            yield Entry(path, Kind.WHITEOUT), None
            return
        xattrs, overlay = _xattrs(dir_fd, name)
        for attribute, what in _REFUSED.items():
            if attribute in overlay:
                raise LayerError("unsupported-upper", f"{path!r} is {what}, which a layer cannot be made of")
        if kind is Kind.FILE and "whiteout" in overlay:
            yield Entry(path, Kind.WHITEOUT), None
            return
        entry = Entry(
            path=path,
            kind=kind,
            mode=stat.S_IMODE(info.st_mode),
            uid=info.st_uid,
            gid=info.st_gid,
            size=info.st_size if kind is Kind.FILE else 0,
            mtime=info.st_mtime_ns // 1_000_000_000,
            link=os.readlink(name, dir_fd=dir_fd) if kind is Kind.SYMLINK else "",
            device=(os.major(info.st_rdev), os.minor(info.st_rdev)) if kind in _DEVICES else (0, 0),
            xattrs=xattrs,
        )
        yield self._linked(entry, info), self._opener(path) if kind is Kind.FILE else None
        if overlay.get(_OPAQUE) == b"y" and kind is Kind.DIRECTORY:
            yield Entry(path, Kind.OPAQUE), None

    def _linked(self, entry: Entry, info: os.stat_result) -> Entry:
        """`entry`, or a hardlink to the first path of its inode. Links to files outside of the layer do not count."""
        if info.st_nlink < 2 or entry.kind is Kind.DIRECTORY:
            return entry
        first = self._first_path.setdefault((info.st_dev, info.st_ino), entry.path)
        if first == entry.path:
            return entry
        return entry._replace(kind=Kind.HARDLINK, link=first, size=0)

    def _opener(self, path: str) -> Callable[[], int]:
        return partial(open_beneath, self._root_fd, path, _READ, nofollow=True)


_DEVICES = (Kind.CHAR_DEVICE, Kind.BLOCK_DEVICE)


def _xattrs(dir_fd: int, name: str) -> tuple[tuple[tuple[str, bytes], ...], dict[str, bytes]]:
    """The attributes that a file can have from a layer, sorted, and overlay's own by their last part.

    There is no `listxattrat` before Linux 6.13: the path goes through /proc/self/fd, whose own link is the only one
    that is followed.
    """
    target = f"/proc/self/fd/{dir_fd}/{name}"
    try:
        names = os.listxattr(target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return (), {}
        raise
    if not names:
        return (), {}
    kept: list[tuple[str, bytes]] = []
    overlay: dict[str, bytes] = {}
    for attribute in sorted(names, key=os.fsencode):
        namespace = next((n for n in _OVERLAY_NAMESPACES if attribute.startswith(n)), "")
        if namespace:
            overlay[attribute.removeprefix(namespace)] = os.getxattr(target, attribute, follow_symlinks=False)
        elif attribute == CAPABILITY or attribute.startswith("user."):
            kept.append((attribute, os.getxattr(target, attribute, follow_symlinks=False)))
    return tuple(kept), overlay
