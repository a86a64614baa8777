"""The root filesystem as a plain copy, where no overlay can be mounted: slow, but it needs nothing.

The lower directories are copied together; afterwards whatever changed is moved to the upper directory, in the form that
the kernel's overlay would have left. A change shows in the inode's change time, which nobody can set, and, for a
directory that was removed and made anew, in its inode number or birth time. One difference to an overlay remains: a
file that was only opened for writing, and not written to, does not count as changed.
"""

from __future__ import annotations

import os
import shutil
import stat

from builder.sandbox import kernel
from builder.sandbox.merged import Merged, opaque_attribute
from builder.sandbox.spec import RootFs
from builder.sandbox.stubs import copy_attributes


class PlainCopy:
    needs_finish = True
    _base: Merged
    _copied_at: int

    def __init__(self, rootfs: RootFs) -> None:
        self._rootfs = rootfs
        self._copy = f"{rootfs.work}/copy"
        self._folders: dict[str, int] = {}

    def mount(self, stubs: tuple[str, ...], place: str) -> None:
        # The upper directory is on top from the start: what already stands in it is no change of this run.
        self._base = Merged((*self._rootfs.lowers, *stubs, self._rootfs.upper))
        os.mkdir(self._copy, 0o755)
        self._copy_folder("")
        self._copied_at = _next_tick(self._copy)
        kernel.attach_mount(kernel.clone_mount(self._copy), place)

    def finish(self, place: str) -> None:
        kernel.unmount(place)
        _Difference(self._copy, self._rootfs.upper, self._base, self._folders, self._copied_at).move()
        shutil.rmtree(self._copy)

    def _copy_folder(self, path: str) -> None:
        """Children first, so that the times that are set at last stay."""
        source, target = self._base.find(path), self._copy + path
        self._folders[path] = os.stat(target).st_ino
        for name in self._base.names(path):
            child = f"{path}/{name}"
            if self._base.is_folder(child):
                os.mkdir(self._copy + child, 0o700)
                self._copy_folder(child)
            else:
                copy_node(self._base.find(child) or child, self._copy + child)
        if source is not None:
            copy_attributes(source, target)
            copy_times(source, target)


def copy_node(source: str, target: str) -> None:
    """Anything but a directory, with owner, mode, times and extended attributes. Names that share an inode get one
    each: under an overlay a change to one of them does not show in the others either."""
    status = os.lstat(source)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISREG(status.st_mode):
        shutil.copyfile(source, target)
    else:
        os.mknod(target, status.st_mode, status.st_rdev)
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(target, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(source, follow_symlinks=False):
        if ".overlay." not in name:
            os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False), follow_symlinks=False)
    copy_times(source, target)


def copy_times(source: str, target: str) -> None:
    status = os.lstat(source)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


def _next_tick(folder: str) -> int:
    """A change time of this filesystem, later than those of everything made so far: its clock moves in steps."""
    before = os.stat(folder).st_ctime_ns
    probe = f"{folder}.clock"
    while True:
        os.close(os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        now = os.stat(probe).st_ctime_ns
        os.unlink(probe)
        if now > before:
            return now


class _Difference:
    """Moves what changed in `copy` to `upper`."""

    def __init__(self, copy: str, upper: str, base: Merged, folders: dict[str, int], copied_at: int) -> None:
        self._copy = copy
        self._upper = upper
        self._base = base
        self._folders = folders
        self._copied_at = copied_at

    def move(self) -> None:
        self._move_folder("")

    def _move_folder(self, path: str) -> None:
        """`path` is a directory that the copy had from the start."""
        status = os.stat(self._copy + path)
        for name in sorted({*self._base.names(path), *os.listdir(self._copy + path)}):
            self._move_child(f"{path}/{name}")
        if status.st_ctime_ns >= self._copied_at:
            self._need_folder(path)
        if os.path.lexists(self._upper + path):
            copy_attributes(self._copy + path, self._upper + path)
            os.utime(self._upper + path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _move_child(self, path: str) -> None:
        try:
            status = os.lstat(self._copy + path)
        except FileNotFoundError:
            self._hide(path)
            return
        if self._is_original(path, status):
            self._move_folder(path)
        elif stat.S_ISDIR(status.st_mode) or status.st_ctime_ns >= self._copied_at:
            self._need_folder(os.path.dirname(path))
            if stat.S_ISDIR(status.st_mode):
                os.setxattr(self._copy + path, opaque_attribute(), b"y")
            os.rename(self._copy + path, self._upper + path)

    def _is_original(self, path: str, status: os.stat_result) -> bool:
        """Inode numbers are given out again, so one that was removed and made anew may have its old number."""
        if not stat.S_ISDIR(status.st_mode) or self._folders.get(path) != status.st_ino:
            return False
        return kernel.birth_time(self._copy + path) < self._copied_at

    def _hide(self, path: str) -> None:
        self._need_folder(os.path.dirname(path))
        os.mknod(self._upper + path, stat.S_IFCHR, os.makedev(0, 0))

    def _need_folder(self, path: str) -> None:
        """Parents of what changed stand in the upper directory too, as an overlay copies them up."""
        if not os.path.lexists(self._upper + path):
            self._need_folder(os.path.dirname(path))
            os.mkdir(self._upper + path, 0o700)
