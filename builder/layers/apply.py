"""A layer's tar to a directory in overlay form, whatever the archive tries.

Every name is judged by `Placing`, and every file is made by its last name in the open directory above it, which is
reached without ever passing a symlink: what the judgement might have missed, the kernel still refuses.

2026-11-24, decided:
- Device nodes are made where the kernel lets us. Where it does not (EPERM: in a user namespace) they are left out
  of the directory, as docker and podman do when rootless, and stay in the table: containers get their own /dev.
- Whiteouts are character devices 0:0, which Linux lets anybody make since 5.8. Where a filter forbids all of mknod,
  the form of Linux 6.7 is used: an empty file with overlay's `whiteout` attribute in a directory marked `x`.
- The layer's own root is not described by a layer (as containerd), so the directory itself is left as it is.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from typing import Protocol

from builder.errors import LayerError
from builder.layers.members import Member, MemberReader
from builder.layers.paths import Cursor
from builder.layers.placing import Placing
from builder.layers.streams import Readable
from builder.layers.tree import Node
from builder.model.entry import Entry, Kind

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)
_NODE_TYPES = {Kind.CHAR_DEVICE: stat.S_IFCHR, Kind.BLOCK_DEVICE: stat.S_IFBLK, Kind.FIFO: stat.S_IFIFO}


class Below(Protocol):
    """The merged view of the layers below: a `Tree`, or what makes one when it is first asked."""

    def get(self, path: str) -> Node | None: ...


def apply(tar: Readable, directory: str, *, userxattr: bool = False, below: Below | None = None) -> list[Entry]:
    """Unpacks the uncompressed layer `tar` into the empty `directory`, reads `tar` to its end, returns the table.

    Owners, modes, attributes and times are as the archive says; directories that it only implies look as in `below`
    (the layers below this one), or 0755 0:0. With `userxattr` the opaque marks are `user.overlay.opaque`, as a mount
    in a user namespace needs them, else `trusted.overlay.opaque`. Raises LayerError for a damaged or hostile archive
    and for what this process may not do; the directory then holds a part, to be thrown away.
    """
    root_fd = os.open(directory, _OPEN_DIRECTORY)
    try:
        with Cursor(root_fd) as cursor:
            unpacking = _Unpacking(cursor, "user" if userxattr else "trusted", below)
            return unpacking.run(MemberReader(tar))
    finally:
        os.close(root_fd)


class _Unpacking:
    def __init__(self, cursor: Cursor, namespace: str, below: Below | None) -> None:
        self._cursor = cursor
        self._namespace = namespace
        self._below = below
        self._placing = Placing(markers=True)
        self._directory_times: dict[str, int] = {}

    def run(self, reader: MemberReader) -> list[Entry]:
        path = ""
        try:
            for member in reader:
                path = os.fsdecode(member.name)
                self._member(member, reader)
            reader.drain()
            for path in self._placing.directories():  # only now nothing is made in them any more
                self._set_time(path, self._directory_times.get(path, 0))
        except OSError as error:
            raise _explained(path, error) from error
        return self._placing.table()

    def _member(self, member: Member, reader: MemberReader) -> None:
        placed = self._placing.place(member)
        if placed is None:
            return
        entry = placed.entry
        for path in placed.implied:
            self._imply(path)
        if placed.replaces:
            self._remove(entry.path)
        match entry.kind:
            case Kind.FILE:
                self._file(entry, member, reader)
            case Kind.DIRECTORY:
                self._make_directory(entry)
                self._directory_times[entry.path] = member.mtime_ns
            case Kind.OPAQUE:
                self._mark(entry.path, "opaque", b"y")
            case Kind.WHITEOUT:
                self._whiteout(entry.path)
            case Kind.HARDLINK:
                self._hardlink(entry)
            case Kind.SYMLINK:
                dir_fd, name = self._at(entry.path)
                os.symlink(entry.link, name, dir_fd=dir_fd)
                _own(name, entry, dir_fd)
                os.utime(name, ns=(member.mtime_ns,) * 2, dir_fd=dir_fd, follow_symlinks=False)
            case _:
                self._node(entry, member.mtime_ns)

    def _at(self, path: str) -> tuple[int, str]:
        parent, _, name = path.rpartition("/")
        return self._cursor.directory(parent), name

    def _file(self, entry: Entry, member: Member, reader: MemberReader) -> None:
        dir_fd, name = self._at(entry.path)
        fd = os.open(name, _CREATE, 0o600, dir_fd=dir_fd)
        try:
            if member.extents is None:
                digest = _write_all(fd, reader)
            else:
                os.ftruncate(fd, entry.size)
                digest = _write_sparse(fd, member, reader)
            _set_metadata(fd, entry)
            os.utime(fd, ns=(member.mtime_ns,) * 2)
        finally:
            os.close(fd)
        self._placing.hashed(entry.path, digest)

    def _make_directory(self, entry: Entry) -> None:
        dir_fd, name = self._at(entry.path)
        try:
            os.mkdir(name, 0o700, dir_fd=dir_fd)
            fresh = True
        except FileExistsError:
            fresh = False
        fd = os.open(name, _OPEN_DIRECTORY, dir_fd=dir_fd)
        try:
            if not fresh:
                _clear_xattrs(fd)
            _set_metadata(fd, entry)
        finally:
            os.close(fd)
        if self._placing.is_opaque(entry.path):
            self._mark(entry.path, "opaque", b"y")

    def _imply(self, path: str) -> None:
        if self._placing.is_opaque(path):  # it was a whiteout until now
            self._remove(path)
        node = self._below.get(path) if self._below else None
        known = node.entry if node and node.entry.kind is Kind.DIRECTORY else Entry(path, Kind.DIRECTORY, 0o755)
        self._make_directory(known)
        self._directory_times[path] = known.mtime * 1_000_000_000

    def _hardlink(self, entry: Entry) -> None:
        parent, _, source = entry.link.rpartition("/")
        source_fd = os.dup(self._cursor.directory(parent))
        try:
            dir_fd, name = self._at(entry.path)
            os.link(source, name, src_dir_fd=source_fd, dst_dir_fd=dir_fd, follow_symlinks=False)
        except FileNotFoundError:
            return  # a link to a device that could not be made
        finally:
            os.close(source_fd)

    def _node(self, entry: Entry, mtime_ns: int) -> None:
        dir_fd, name = self._at(entry.path)
        try:
            os.mknod(name, _NODE_TYPES[entry.kind] | 0o600, os.makedev(*entry.device), dir_fd=dir_fd)
        except PermissionError:
            if entry.kind is Kind.FIFO:
                raise
            return
        _own(name, entry, dir_fd)
        os.chmod(name, entry.mode, dir_fd=dir_fd)
        os.utime(name, ns=(mtime_ns,) * 2, dir_fd=dir_fd, follow_symlinks=False)

    def _whiteout(self, path: str) -> None:
        dir_fd, name = self._at(path)
        try:
            os.mknod(name, stat.S_IFCHR, os.makedev(0, 0), dir_fd=dir_fd)
        except PermissionError:
            parent = path.rpartition("/")[0]
            if self._placing.is_opaque(parent):
                return  # all is hidden anyway
            self._mark(parent, "opaque", b"x")
            os.close(os.open(name, _CREATE, 0o000, dir_fd=self._cursor.directory(parent)))
            self._mark(path, "whiteout", b"y")

    def _mark(self, path: str, attribute: str, value: bytes) -> None:
        dir_fd, name = self._at(path)
        fd = os.open(name or ".", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            os.setxattr(fd, f"{self._namespace}.overlay.{attribute}", value)
        finally:
            os.close(fd)

    def _set_time(self, path: str, mtime_ns: int) -> None:
        dir_fd, name = self._at(path)
        os.utime(name, ns=(mtime_ns, mtime_ns), dir_fd=dir_fd, follow_symlinks=False)

    def _remove(self, path: str) -> None:
        """Removes what stands at `path`, with all below it; nothing there is fine (a device that was left out)."""
        self._cursor.forget(path)
        for found, is_directory in _tree_below(self._cursor, path):
            if is_directory:
                self._cursor.forget(found)
            dir_fd, name = self._at(found)
            remove = os.rmdir if is_directory else os.unlink
            remove(name, dir_fd=dir_fd)


def _tree_below(cursor: Cursor, path: str) -> Iterator[tuple[str, bool]]:
    """`path` and all below it, innermost first, each with whether it is a directory."""
    parent, _, name = path.rpartition("/")
    try:
        info = os.stat(name, dir_fd=cursor.directory(parent), follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(info.st_mode):
        yield path, False
        return
    pending = [(path, False)]
    while pending:
        found, entered = pending.pop()
        if entered:
            yield found, True
            continue
        pending.append((found, True))
        with os.scandir(cursor.directory(found)) as children:
            listed = [(f"{found}/{child.name}", child.is_dir(follow_symlinks=False)) for child in children]
        pending += [(below, False) for below, is_directory in listed if is_directory]
        yield from ((below, False) for below, is_directory in listed if not is_directory)


def _write_all(fd: int, reader: MemberReader) -> str:
    digest = hashlib.sha256()
    for piece in reader.content(_CHUNK):
        _write(fd, piece)
        digest.update(piece)
    return digest.hexdigest()


def _write_sparse(fd: int, member: Member, reader: MemberReader) -> str:
    """Leaves holes as holes; the digest is of the content with its zeros."""
    digest = hashlib.sha256()
    pieces = reader.content(_CHUNK)
    held = b""
    at = 0
    for extent in member.extents or ():
        _hash_zeros(digest, extent.offset - at)
        os.lseek(fd, extent.offset, os.SEEK_SET)
        left = extent.length
        while left:
            held = held or next(pieces)
            piece, held = held[:left], held[left:]
            _write(fd, piece)
            digest.update(piece)
            left -= len(piece)
        at = extent.offset + extent.length
    _hash_zeros(digest, member.size - at)
    return digest.hexdigest()


def _hash_zeros(digest: hashlib._Hash, count: int) -> None:
    while count > 0:
        digest.update(_ZEROS[:count])
        count -= _CHUNK


def _write(fd: int, data: bytes) -> None:
    done = os.write(fd, data)
    while done < len(data):
        done += os.write(fd, data[done:])


def _set_metadata(fd: int, entry: Entry) -> None:
    """In this order: a change of owner takes away setuid bits and capabilities."""
    _own(fd, entry)
    os.fchmod(fd, entry.mode)
    for name, value in entry.xattrs:
        os.setxattr(fd, name, value)


def _own(target: int | str, entry: Entry, dir_fd: int | None = None) -> None:
    try:
        if isinstance(target, int):
            os.fchown(target, entry.uid, entry.gid)
        else:
            os.chown(target, entry.uid, entry.gid, dir_fd=dir_fd, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EPERM):
            raise
        raise LayerError(
            "foreign-owner",
            f"{entry.path!r} belongs to {entry.uid}:{entry.gid}, ids that this process cannot give to files",
            hint="give this user ranges in /etc/subuid and /etc/subgid and install newuidmap, or run as root",
        ) from error


def _clear_xattrs(fd: int) -> None:
    """A directory described twice has the attributes of the last time; overlay's marks are set anew by the caller."""
    for name in os.listxattr(fd):
        if name.startswith(("user.", "security.capability")):
            os.removexattr(fd, name)


def _explained(path: str, error: OSError) -> LayerError:
    why = f"{path!r} cannot be unpacked: {error.strerror}"
    match error.errno:
        case errno.ENOTSUP:
            return LayerError(
                "no-xattrs",
                why + ": the file system keeps no extended attributes",
                hint="choose a root directory on ext4, xfs or btrfs",
            )
        case errno.ENOSPC | errno.EDQUOT:
            return LayerError("disk-full", why, hint="free some space; `pybuild prune` removes what is not used")
        case _:
            return LayerError("unpack-failed", why)
