"""The job `visit`: files into a root filesystem or out of it, as a tar.

The root is a descriptor of a running container's, or is mounted here. The job's process makes it its own root, so that
no symlink of it can lead out, before it looks at any path; whatever it needs is imported before. Arguments: `path`;
`into`, where present, as `Into` has it; else `name`, what the tree is called in the tar, and `follow`; `spec` where the
root is to be mounted. Descriptors: the tar's, then the root's where it runs.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from typing import Any, NamedTuple

from builder.errors import StoreError
from builder.sandbox import kernel
from builder.sandbox.arrange import arrange, in_order
from builder.sandbox.imports import no_more_imports
from builder.sandbox.roots import ROOT_KINDS
from builder.sandbox.spec import Mount, RunSpec


class Into(NamedTuple):
    """What comes, and how it is taken."""

    name: str
    """What it is called where it comes from; empty: the tree's entries come, not the tree itself."""
    is_folder: bool
    keep_owner: bool
    archive: bool = False
    """A whole tar for an existing folder, with names of its own."""


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    tar, *root = fds
    if not root:
        root = [_mounted_root(RunSpec.from_json(args["spec"]))]
    no_more_imports()
    os.fchdir(root[0])
    os.chroot(".")
    os.chdir("/")
    os.umask(0)
    try:
        if "into" in args:
            _take(args["path"], Into(*args["into"]), tar)
        else:
            _give(args["path"], args["name"], args["follow"], tar)
    except OSError as error:
        raise StoreError("copy-failed", f"{args['path']}: {error.strerror or error}") from error
    except tarfile.TarError as error:
        raise StoreError("bad-archive", f"what came is no tar: {error}") from error
    return {}


def _mounted_root(spec: RunSpec) -> int:
    """With all that is mounted from this machine; what would be in memory is not there when nothing runs."""
    arranged = arrange(spec, tuple(ROOT_KINDS)[:2], [])
    trees = {mount: kernel.clone_mount(mount.source) for mount in arranged.spec.mounts if mount.kind == "bind"}
    for item, target in in_order(arranged):
        if isinstance(item, Mount) and item in trees:
            if item.readonly:
                kernel.change_mount(trees[item], kernel.MOUNT_ATTR_RDONLY)
            kernel.attach_mount(trees[item], arranged.root + target)
    if spec.readonly_root:
        kernel.mount("", arranged.root, "", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)
    return os.open(arranged.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _give(path: str, name: str, follow: bool, tar: int) -> None:
    if follow or path.endswith(("/", "/.")):
        path = os.path.realpath(path, strict=True)
    path = os.path.normpath(path)
    os.lstat(path)
    with open(tar, "wb") as file:
        write_tree(path, name, file)


def write_tree(path: str, name: str, file: Any) -> None:
    """The tree at `path`, called `name`, as a tar: names are those of directories that were entered, never more."""
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT) as out:
        links: dict[tuple[int, int], str] = {}
        pending = [(path, name)]
        while pending:
            place, called = pending.pop()
            _forget(out)
            try:
                status = os.lstat(place)
                info = _member(status, place, called)
            except FileNotFoundError:  # gone meanwhile
                continue
            if info is None:
                continue
            if status.st_nlink > 1 and not info.isdir():
                first = links.setdefault((status.st_dev, status.st_ino), called)
                if first != called:
                    info.type, info.linkname, info.size = tarfile.LNKTYPE, first, 0
            if info.isreg() and info.size:
                _add_file(out, info, place)
                continue
            out.addfile(info)
            if info.isdir():
                names = sorted(os.listdir(place), reverse=True)
                pending += [(os.path.join(place, each), f"{called}/{each}") for each in names]


def _forget(archive: Any) -> None:
    """tarfile keeps every member that it has seen."""
    archive.members.clear()


def _member(status: os.stat_result, place: str, called: str) -> tarfile.TarInfo | None:
    """None for a socket. By hand, as tarfile would ask the C library for names of users, and that the image's files."""
    kinds = {
        stat.S_IFREG: tarfile.REGTYPE,
        stat.S_IFDIR: tarfile.DIRTYPE,
        stat.S_IFLNK: tarfile.SYMTYPE,
        stat.S_IFCHR: tarfile.CHRTYPE,
        stat.S_IFBLK: tarfile.BLKTYPE,
        stat.S_IFIFO: tarfile.FIFOTYPE,
    }
    kind = kinds.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return None
    info = tarfile.TarInfo(called)
    info.type, info.mode = kind, stat.S_IMODE(status.st_mode)
    info.uid, info.gid, info.mtime = status.st_uid, status.st_gid, int(status.st_mtime)
    info.size = status.st_size if kind == tarfile.REGTYPE else 0
    info.linkname = os.readlink(place) if kind == tarfile.SYMTYPE else ""
    info.devmajor, info.devminor = os.major(status.st_rdev), os.minor(status.st_rdev)
    return info


def _add_file(out: tarfile.TarFile, info: tarfile.TarInfo, place: str) -> None:
    try:
        fd = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with open(fd, "rb") as content:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            info.size = os.fstat(fd).st_size
            out.addfile(info, content)


def _take(path: str, into: Into, tar: int) -> None:
    with open(tar, "rb") as file:
        if into.archive:
            if not os.path.isdir(path):
                raise StoreError("no-such-folder", f"an archive is unpacked in a folder, and {path} is none")
            unpack_tree(file, path, keep_owner=True)
        else:
            target = destination(path, into.name, into.is_folder)
            unpack_tree(file, target, keep_owner=into.keep_owner)
        while file.read(1 << 16):  # so that whoever writes can end
            pass


def destination(path: str, name: str, is_folder: bool) -> str:
    """Where what is called `name` goes when it is copied to `path`, by docker's rules. `name` is empty for the entries
    of a folder."""
    asks_for_folder = path.endswith(("/", "/."))
    if os.path.isdir(path):
        return os.path.join(path, name) if name else path
    parent = os.path.dirname(os.path.normpath(path)) or "."
    if os.path.lexists(path):
        if is_folder or asks_for_folder:
            raise StoreError("not-a-folder", f"{path} is no folder")
    elif asks_for_folder and not is_folder:
        raise StoreError("no-such-folder", f"there is no folder {path}")
    elif not os.path.isdir(parent):
        raise StoreError("no-such-folder", f"there is no folder {parent}")
    return os.path.normpath(path)


def unpack_tree(file: Any, target: str, *, keep_owner: bool) -> None:
    """The first name of each member stands for `target`. What a program may do because of whose it is, and nodes of
    devices, mean something else when they are somebody else's: only with `keep_owner`."""
    folders: list[tuple[str, tarfile.TarInfo]] = []
    with tarfile.open(fileobj=file, mode="r|") as source:
        while member := source.next():
            _forget(source)
            place = _place(target, member.name)
            if (member.ischr() or member.isblk()) and not keep_owner:
                raise StoreError("device-node", f"{member.name} is a device", hint="-a copies them, with their owners")
            if member.isdir():
                folders.append((place, member))
            _make(source, member, place, target)
            if keep_owner:
                os.lchown(place, member.uid, member.gid)
            if not member.issym():
                os.chmod(place, member.mode & (0o7777 if keep_owner else 0o1777))
                if not member.isdir():
                    os.utime(place, (member.mtime, member.mtime))
    for place, member in reversed(folders):
        os.utime(place, (member.mtime, member.mtime))


def _place(target: str, name: str) -> str:
    """Raises StoreError for a name that leads out."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise StoreError("bad-archive", f"a name in the archive leads out of it: {name[:200]!r}")
    return os.path.join(target, *parts)


def _make(source: tarfile.TarFile, member: tarfile.TarInfo, place: str, target: str) -> None:
    if member.isdir():
        if not os.path.isdir(place):
            os.mkdir(place, 0o700)
        return
    if os.path.isdir(place) and not os.path.islink(place):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), place)
    if os.path.lexists(place):
        os.unlink(place)
    if member.issym():
        os.symlink(member.linkname, place)
    elif member.islnk():
        os.link(_place(target, member.linkname), place)
    elif member.isfifo():
        os.mkfifo(place)
    elif member.ischr() or member.isblk():
        kind = stat.S_IFCHR if member.ischr() else stat.S_IFBLK
        os.mknod(place, kind, os.makedev(member.devmajor, member.devminor))
    else:
        content = source.extractfile(member)
        with open(place, "xb") as out:
            while content and (data := content.read(1 << 20)):
                out.write(data)
