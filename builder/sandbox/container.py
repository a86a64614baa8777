"""From a fresh set of namespaces to the process: runs in process 1 of the new pid namespace, and ends in exec.

Order matters. Sources of bind mounts are taken while the machine's root is still there; then that root is given up,
and only after that is any path of the image followed: an image's symlinks can then lead nowhere but into the image.
The kernel's trees are moved before, to single names that were seen to be directories and are not followed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import stat
import termios

from builder.errors import SandboxError, StepError
from builder.sandbox import devices, kernel, network, privileges, seccomp
from builder.sandbox.ahead import KernelTrees
from builder.sandbox.arrange import Arranged, in_order
from builder.sandbox.console import open_console, show_as_console
from builder.sandbox.identity import Identities
from builder.sandbox.imports import no_more_imports
from builder.sandbox.program import Program
from builder.sandbox.spec import DEFAULT_SHM_SIZE, File, Mount, RunSpec
from builder.sandbox.users import Identity, look_up

_STAGE = "/dev/.files"


def enter(arranged: Arranged, trees: KernelTrees) -> Program:
    """Makes this process, 1 in its pid namespace and alone in its mount namespace, ready for the exec."""
    spec = arranged.spec
    if spec.network == "none":
        trees.leave_network()
    _build_root(arranged, trees)
    kernel.sethostname(spec.hostname)
    if spec.network == "none":
        network.raise_loopback()
    identity = look_up(spec.user, spec.groups)
    _make_directory(spec.cwd, identity)
    change_directory(spec.cwd)
    streams = arranged.streams
    if spec.console:
        terminal = open_console(spec.console, arranged.notify, identity)
        show_as_console(terminal)
        streams = (terminal,) * 3
    if spec.readonly_root:
        kernel.mount("", "/", "", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)
    return take_on(spec, identity, arranged.identities, streams)


def take_on(spec: RunSpec, identity: Identity, identities: Identities, streams: tuple[int, int, int]) -> Program:
    """Inside the root filesystem: this process gets what the spec says of streams, limits and rights, for good."""
    environment = dict(spec.env)
    environment.setdefault("HOME", identity.home)
    os.setsid()
    _connect(streams, identity)
    if spec.terminal or spec.console:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in (signal.SIGINT, signal.SIGQUIT):  # a build in the background was started without them
            signal.signal(number, signal.SIG_DFL)
    privileges.set_limits(spec.ulimits)
    if spec.no_new_privileges:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if spec.insecure:
        privileges.become_with_everything(identity, identities)
    else:
        mask = privileges.mask_of(spec.capabilities)
        privileges.drop_bounding_set(mask)
        if spec.filtered:
            seccomp.install(spec.capabilities)
        privileges.become(identity, identities, mask)
    os.umask(0o022)
    return Program(spec.argv, environment, spec.init)


def _build_root(arranged: Arranged, kernel_trees: KernelTrees) -> None:
    spec = arranged.spec
    os.umask(0)
    trees: dict[Mount | File, int] = {}
    trees |= {mount: kernel.clone_mount(mount.source) for mount in spec.mounts if mount.kind == "bind"}
    kernel_trees.move_to(arranged.root)
    os.chdir(arranged.root)
    _make_root()
    if spec.shm_size != DEFAULT_SHM_SIZE:
        devices.resize_shm(spec.shm_size)
    _show(arranged, trees)


def _make_root() -> None:
    """The working directory becomes the root of the mount namespace, so that nothing is above it, not even for a
    process that may call chroot. Where we live in a chroot ourselves, its root is not what has to be replaced."""
    root = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    no_more_imports()
    try:
        kernel.pivot_root(".", ".")
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        kernel.leave_chroot()
        os.fchdir(root)
        kernel.pivot_root(".", ".")
    os.close(root)
    kernel.unmount(".", kernel.MNT_DETACH)
    os.chdir("/")


def _show(arranged: Arranged, trees: dict[Mount | File, int]) -> None:
    """Our own files, then what the spec wants, parents before what lies below them. Files exist for this run only:
    written to memory, then mounted over their places; those in /dev just lie there."""
    os.mkdir(_STAGE, 0o700)
    kernel.mount("tmpfs", _STAGE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=700")
    for number, file in enumerate(arranged.files):
        target = arranged.targets[file.path]
        if target.startswith("/dev/"):
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            _write(file, target)
            continue
        place = f"{_STAGE}/{number}"
        _write(file, place)
        trees[file] = kernel.clone_mount(place)
        kernel.change_mount(trees[file], kernel.MOUNT_ATTR_RDONLY | _attributes(file))
    kernel.unmount(_STAGE, kernel.MNT_DETACH)
    os.rmdir(_STAGE)
    for item, target in in_order(arranged):
        if isinstance(item, Mount) or item in trees:
            _mount(item, target, trees)


def _attributes(file: File) -> int:
    return kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV | (0 if file.mode & 0o111 else kernel.MOUNT_ATTR_NOEXEC)


def _write(file: File, path: str) -> None:
    with open(path, "xb") as out:
        out.write(file.content.encode("utf-8", "surrogateescape"))
        os.fchown(out.fileno(), file.uid, file.gid)
        os.fchmod(out.fileno(), file.mode)


def _mount(item: Mount | File, target: str, trees: dict[Mount | File, int]) -> None:
    """Where an earlier mount covers the stub that was planted for this one, it is made in that mount, as runc does."""
    is_file = item in trees and not stat.S_ISDIR(os.fstat(trees[item]).st_mode)
    try:
        os.makedirs(os.path.dirname(target) if is_file else target, 0o755, exist_ok=True)
        if is_file and not os.path.lexists(target):
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        if target in devices.OWN_MOUNTS:
            kernel.unmount(target, kernel.MNT_DETACH)  # replaced, not covered
        if item in trees:
            if isinstance(item, Mount) and item.readonly:
                kernel.change_mount(trees[item], kernel.MOUNT_ATTR_RDONLY)
            kernel.attach_mount(trees[item], target)
        elif isinstance(item, Mount):
            size = f",size={item.size}" if item.size else ""
            flags = kernel.MS_NOSUID | (kernel.MS_RDONLY if item.readonly else 0)
            flags |= kernel.MS_NOEXEC if item.noexec else 0
            kernel.mount("tmpfs", target, "tmpfs", flags, f"mode={item.mode or 0:o}{size}")
    except OSError as error:
        raise SandboxError("mount-failed", f"cannot mount at {target}: {error.strerror}") from error


def _make_directory(cwd: str, identity: Identity) -> None:
    missing = []
    path = os.path.realpath(cwd)
    while not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    try:
        for path in reversed(missing):
            os.mkdir(path, 0o755)
            os.chown(path, identity.uid, identity.gid)
    except OSError as error:
        raise StepError("bad-workdir", f"cannot make the working directory {cwd}: {error.strerror}") from error


def change_directory(cwd: str) -> None:
    """Inside the root filesystem, and not out of it."""
    try:
        os.chdir(cwd)
    except OSError as error:
        raise StepError("bad-workdir", f"cannot change to the working directory {cwd}: {error.strerror}") from error
    if not os.getcwd().startswith("/"):  # by way of a descriptor in /proc/self/fd (as in CVE-2024-21626)
        raise StepError("bad-workdir", f"the working directory {cwd} is outside of the root filesystem")


def _connect(streams: tuple[int, int, int], identity: Identity) -> None:
    """Moves the descriptors up before they are put in place: one of them may be where another must go. Pipes become the
    user's own, who could not open /dev/stdout otherwise."""
    for number, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in streams]):
        if identity.uid and stat.S_ISFIFO(os.fstat(fd).st_mode):
            with contextlib.suppress(OSError):  # a user that this user namespace does not have
                os.fchown(fd, identity.uid, -1)
        os.dup2(fd, number)
    kernel.close_on_exec_from(3)
