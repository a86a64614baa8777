"""The root filesystem as an overlay by fuse-overlayfs, for machines whose kernel refuses its own."""

from __future__ import annotations

import os
import stat
from shutil import which

from builder.errors import SandboxError
from builder.sandbox import kernel
from builder.sandbox.merged import opaque_attribute
from builder.sandbox.spec import RootFs

_PROGRAM = "fuse-overlayfs"
_OPAQUE_FILES = (".wh..wh..opq", ".wh..opq")
_WHITEOUT_PREFIX = ".wh."


class FuseOverlay:
    needs_finish = True

    def __init__(self, rootfs: RootFs) -> None:
        self._rootfs = rootfs

    def mount(self, stubs: tuple[str, ...], place: str) -> None:
        """The program turns into a daemon once the mount stands; it ends with the mount, or with this process."""
        program = which(_PROGRAM)
        if program is None:
            raise OSError(f"{_PROGRAM} is not installed")
        lowers = [*stubs[::-1], *self._rootfs.lowers[::-1]] or [place]
        upper, work = _quoted(self._rootfs.upper), _quoted(self._rootfs.work)
        options = f"lowerdir={':'.join(map(_quoted, lowers))},upperdir={upper},workdir={work}"
        said = os.memfd_create("said", os.MFD_CLOEXEC)
        streams = [(os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
        pid = os.posix_spawn(program, [_PROGRAM, "-o", options, place], os.environ, file_actions=streams)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status or not os.path.ismount(place):
            why = " ".join(os.pread(said, 300, 0).decode(errors="replace").split())
            raise OSError(f"{_PROGRAM} failed with code {status}: {why}")

    def finish(self, place: str) -> None:
        kernel.unmount(place)
        normalise(self._rootfs.upper)


def _quoted(path: str) -> str:
    if any(character in path for character in ":,\\"):
        raise SandboxError("bad-path", f"{_PROGRAM} cannot use {path}: it holds a colon, comma or backslash")
    return path


def normalise(upper: str) -> None:
    """Puts the program's own marks into the form of the kernel's overlay. Times of directories stay."""
    for folder, folders, files, fd in os.fwalk(upper):
        own = os.fstat(fd)
        for name in files:
            if name in _OPAQUE_FILES:
                os.unlink(name, dir_fd=fd)
                os.setxattr(fd, opaque_attribute(), b"y")
            elif name.startswith(_WHITEOUT_PREFIX):
                os.unlink(name, dir_fd=fd)
                os.mknod(name[len(_WHITEOUT_PREFIX) :], stat.S_IFCHR, os.makedev(0, 0), dir_fd=fd)
        for name in (*folders, *files):
            _strip(os.path.join(folder, name))
        os.utime(fd, ns=(own.st_atime_ns, own.st_mtime_ns))


def _strip(path: str) -> None:
    if not os.path.lexists(path):
        return
    for name in os.listxattr(path, follow_symlinks=False):
        if name.startswith("user.fuseoverlayfs."):
            os.removexattr(path, name, follow_symlinks=False)
