"""From a fresh set of namespaces to the process: runs in process 1 of the new pid namespace, and ends in exec.

Order matters. Sources of bind mounts are taken while the machine's root is still there; then that root is given up,
and only after that is any path of the image followed: an image's symlinks can then lead nowhere but into the image.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import stat
from typing import NamedTuple, NoReturn

from builder.errors import SandboxError, StepError
from builder.sandbox import devices, kernel, network, privileges, seccomp, system_files
from builder.sandbox.identity import Identities
from builder.sandbox.spec import ExitStatus, File, Mount, RunSpec
from builder.sandbox.users import Identity, look_up

_STAGE = "/dev/.files"
_ETC = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC


class Entry(NamedTuple):
    """What the process in the new namespaces is told."""

    spec: RunSpec
    root: str
    """Where the root filesystem is mounted on this machine."""
    targets: dict[str, str]
    """Where each mount target leads in the root filesystem."""
    files: tuple[File, ...]
    """Those of the spec, and /etc/hosts and /etc/resolv.conf."""
    streams: tuple[int, int, int]
    identities: Identities


class NotStarted(Exception):  # noqa: N818 - carries a result, not a fault of ours
    """The program could not be executed; the status says so in docker's words."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status.reason)
        self.status = status


def enter(entry: Entry) -> NoReturn:
    """Sets everything up and becomes the process. Raises NotStarted, BuilderError or OSError instead."""
    spec = entry.spec
    _build_root(entry)
    kernel.sethostname(spec.hostname)
    if spec.network == "none":
        network.raise_loopback()
    identity = look_up(spec.user)
    environment = dict(spec.env)
    environment.setdefault("HOME", identity.home)
    _change_directory(spec.cwd, identity)
    if spec.readonly_root:
        kernel.mount("", "/", "", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY)
    os.setsid()
    _connect(entry.streams)
    privileges.set_limits(spec.ulimits)
    privileges.drop_bounding_set()
    seccomp.install()
    privileges.become(identity, entry.identities)
    os.umask(0o022)
    _resetsignals()
    _execute(spec.argv, environment)


def _build_root(entry: Entry) -> None:
    spec, identities = entry.spec, entry.identities
    os.umask(0)
    sources = {mount: kernel.clone_mount(mount.source) for mount in spec.mounts if mount.kind == "bind"}
    nodes = devices.clone_nodes() if identities.in_user_namespace else {}
    fallbacks = system_files.Fallbacks(identities.in_user_namespace)
    os.chdir(entry.root)
    kernel.pivot_root(".", ".")
    kernel.unmount(".", kernel.MNT_DETACH)
    os.chdir("/")
    system_files.mount_trees(fallbacks)
    devices.populate(spec, nodes, identities.has_group(devices.TTY_GROUP))
    _show_files(entry)
    for mount in sorted(spec.mounts, key=lambda mount: os.fsencode(entry.targets[mount.target])):
        _mount(mount, entry.targets[mount.target], sources)
    system_files.protect()
    fallbacks.close()


def _show_files(entry: Entry) -> None:
    """Files that exist for this run only: written to memory, then mounted over their places; those in /dev just lie
    there. A file that is mounted stays when its name in the staging directory is gone."""
    os.mkdir(_STAGE, 0o700)
    staged = f"{_STAGE}/file"
    for file in entry.files:
        target = entry.targets[file.path]
        if target.startswith("/dev/"):
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            _write(file, target)
            continue
        _write(file, staged)
        kernel.mount(staged, target, "", kernel.MS_BIND)
        kernel.mount("", target, "", kernel.MS_BIND | kernel.MS_REMOUNT | _ETC)
        os.unlink(staged)
    os.rmdir(_STAGE)


def _write(file: File, path: str) -> None:
    with open(path, "xb") as out:
        out.write(file.content.encode("utf-8", "surrogateescape"))
        os.fchown(out.fileno(), file.uid, file.gid)
        os.fchmod(out.fileno(), file.mode)


def _mount(mount: Mount, target: str, sources: dict[Mount, int]) -> None:
    """Where an earlier mount covers the stub that was planted for this one, it is made in that mount, as runc does."""
    is_file = mount in sources and not stat.S_ISDIR(os.fstat(sources[mount]).st_mode)
    try:
        os.makedirs(os.path.dirname(target) if is_file else target, 0o755, exist_ok=True)
        if is_file and not os.path.lexists(target):
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        if mount.kind == "bind":
            kernel.attach_mount(sources[mount], target)
        else:
            size = f",size={mount.size}" if mount.size else ""
            kernel.mount("tmpfs", target, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"mode={mount.mode:o}{size}")
        if mount.readonly:
            kernel.make_tree_readonly(target)
    except OSError as error:
        raise SandboxError("mount-failed", f"cannot mount {mount.kind} at {mount.target}: {error}") from error


def _change_directory(cwd: str, identity: Identity) -> None:
    missing = []
    path = cwd.rstrip("/") or "/"
    while not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    try:
        for path in reversed(missing):
            os.mkdir(path, 0o755)
            os.chown(path, identity.uid, identity.gid)
        os.chdir(cwd)
    except OSError as error:
        raise StepError("bad-workdir", f"cannot change to the working directory {cwd}: {error.strerror}") from error


def _connect(streams: tuple[int, int, int]) -> None:
    """Moves the descriptors up before they are put in place: one of them may be where another must go."""
    for number, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in streams]):
        os.dup2(fd, number)
    kernel.close_on_exec_from(3)


def _resetsignals() -> None:
    """Python ignores SIGPIPE and SIGXFSZ; an exec would hand that down."""
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):  # SIGKILL, SIGSTOP and those of the C library
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _execute(argv: tuple[str, ...], environment: dict[str, str]) -> NoReturn:
    name = argv[0]
    denied = ""
    candidates = [name]
    if "/" not in name:
        candidates = [f"{folder or '.'}/{name}" for folder in environment.get("PATH", "").split(":")]
    for path in candidates:
        try:
            os.execve(path, argv, environment)  # noqa: S606 - there is no shell to want
        except (FileNotFoundError, NotADirectoryError) as error:
            if os.path.isfile(path):
                # The kernel says ENOENT also when a script's or a program's interpreter is missing.
                raise _not_started(127, f'exec "{path}": no such file or directory (its interpreter)') from error
        except PermissionError:
            what = "is a directory" if os.path.isdir(path) else "permission denied"
            denied = denied or f'exec: "{path}": {what}'
        except OSError as error:
            strerror = (error.strerror or "").lower()
            raise _not_started(126, f'exec "{path}": {strerror}') from error
    if denied:
        raise _not_started(126, denied)
    if "/" in name:
        raise _not_started(127, f'exec: "{name}": stat {name}: no such file or directory')
    raise _not_started(127, f'exec: "{name}": executable file not found in $PATH')


def _not_started(code: int, reason: str) -> NotStarted:
    return NotStarted(ExitStatus(code, 0, reason))
