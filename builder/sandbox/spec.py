"""What to run and where, as plain values that survive a trip through JSON to the worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

DEFAULT_HOSTNAME = "buildkitsandbox"
"""What processes of a build see where nothing else is asked for: the same everywhere, and BuildKit's."""

DEFAULT_SHM_SIZE = 64 << 20
"""docker's."""


class RootFs(NamedTuple):
    """An overlay: read-only directories, and one directory that takes every change."""

    lowers: tuple[str, ...]
    """Bottom first; may be empty (scratch). Never written to."""
    upper: str
    """A directory, empty or with what an earlier run left; afterwards the difference, in overlay form."""
    work: str
    """A directory on the filesystem of `upper`, empty or left by an earlier run. Afterwards it holds what a kind of
    root filesystem needs for itself, nothing of the difference."""
    durable: bool = False
    """Whether what the process syncs must survive a machine that stops: not for a build, which the store makes durable
    as a whole."""


class Mount(NamedTuple):
    """Something that is seen at `target` during the run only. Where nothing stands at `target`, nothing stays."""

    kind: str
    """`bind`, `tree`, `tmpfs` or `socket`."""
    target: str
    """Absolute path in the root filesystem; symlinks are followed inside it."""
    source: str = ""
    """bind, socket: absolute path on this machine. tree: a path in the tree, whose symlinks are followed inside it."""
    readonly: bool = False
    size: int = 0
    """tmpfs: bytes at most; 0 is the kernel's limit."""
    mode: int | None = None
    """tmpfs: permission bits of its root; None: those of the directory at `target`, 1777 where there is none. socket:
    its own."""
    uid: int = 0
    """socket: its owner."""
    gid: int = 0
    tree: RootFs | None = None
    """tree: what is shown. Its upper directory takes what the process writes."""
    noexec: bool = False
    """tmpfs: no program can be started from it."""


class File(NamedTuple):
    """A file that exists during the run only, in memory: scripts, secrets."""

    path: str
    content: str
    """Bytes that are not UTF-8 are surrogate escapes."""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


class Ulimit(NamedTuple):
    name: str
    """As `docker --ulimit` has it: `nofile`, `nproc`, ..."""
    soft: int
    hard: int
    """-1 is unlimited."""


class RunSpec(NamedTuple):
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    """Exactly what the process sees; only HOME is added, from the image's passwd, where it is absent."""
    cwd: str
    """Absolute; created, owned by the user, where it does not exist."""
    rootfs: RootFs
    user: str = ""
    """`user[:group]`, names or numbers, looked up in the root filesystem; empty is root."""
    hostname: str = DEFAULT_HOSTNAME
    network: str = "default"
    """`none` has only a loopback; `default` and `host` share the network of this machine. `private`: whoever starts the
    job is in a network namespace for it alone, which the process shares."""
    files: tuple[File, ...] = ()
    mounts: tuple[Mount, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    """Pairs of name and address for /etc/hosts."""
    shm_size: int = DEFAULT_SHM_SIZE
    ulimits: tuple[Ulimit, ...] = ()
    readonly_root: bool = False
    insecure: bool = False
    """Every capability that we have, no filter of system calls, and /proc, /sys and the machine's devices in full."""
    terminal: bool = False
    """Whether standard input is a terminal that the process is to control."""
    console: tuple[int, int] | None = None
    """Rows and columns of a new terminal of the root filesystem's own /dev/pts, which the process controls. Its other
    end goes to whoever is notified (run.py)."""
    capabilities: tuple[str, ...] | None = None
    """Names without `CAP_`; None is docker's default set."""
    groups: tuple[str, ...] = ()
    """More groups of the user, names or numbers."""
    no_new_privileges: bool = False
    """No program that it starts gives it more rights, as set-user-id programs do."""
    filtered: bool = True
    """Whether system calls are filtered, where the process is not `insecure`."""
    init: bool = False
    """Process 1 is one of ours: it starts the process, hands signals on and collects the orphans of the others."""

    def to_json(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RunSpec:
        """The spec whose `to_json`, sent as JSON text, is `value`: tuples come back as lists."""
        return cls(**value)._replace(
            argv=tuple(value["argv"]),
            env=_pairs(value["env"]),
            rootfs=_rootfs(value["rootfs"]),
            files=tuple(File(*item) for item in value["files"]),
            mounts=tuple(_mount(item) for item in value["mounts"]),
            extra_hosts=_pairs(value["extra_hosts"]),
            ulimits=tuple(Ulimit(*item) for item in value["ulimits"]),
            groups=tuple(value["groups"]),
            console=tuple(value["console"]) if value["console"] else None,
            capabilities=None if value["capabilities"] is None else tuple(value["capabilities"]),
        )


class ExitStatus(NamedTuple):
    """How the process ended."""

    code: int
    """As a shell would say it: 128 + the signal's number for a process that a signal ended."""
    signal: int = 0
    reason: str = ""
    """Why the process could not be started at all (code 126 or 127), in docker's words."""

    @classmethod
    def of(cls, ended: int) -> ExitStatus:
        """From what `os.waitstatus_to_exitcode` says: minus the signal's number for one that a signal ended."""
        return cls(128 - ended, -ended) if ended < 0 else cls(ended)


def _rootfs(item: Sequence[Any]) -> RootFs:
    lowers, *rest = item
    return RootFs(tuple(lowers), *rest)


def _mount(item: Sequence[Any]) -> Mount:
    mount = Mount(*item)
    return mount if mount.tree is None else mount._replace(tree=_rootfs(mount.tree))


def _pairs(items: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in items)
