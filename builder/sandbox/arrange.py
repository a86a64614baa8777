"""Everything about a run that is done before its namespaces: the root filesystem mounted, its mount points found."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from builder.errors import SandboxError
from builder.sandbox import ahead, network, stubs
from builder.sandbox.identity import Identities, own_identities
from builder.sandbox.merged import Merged
from builder.sandbox.roots import RootKind, mount_first
from builder.sandbox.sources import show_sources
from builder.sandbox.spec import File, Mount, RunSpec

SYSTEM_FILES = 2
"""How many of `Arranged.files` are ours: they come first, and whatever is mounted by the spec goes over them."""
_OWN_TREES = ("/proc", "/dev", "/sys")


class Arranged(NamedTuple):
    spec: RunSpec
    kind: RootKind
    root: str
    """Where the root filesystem is mounted, in this mount namespace."""
    scratch: str
    """A directory in memory, for this mount namespace only."""
    tree: Merged
    targets: dict[str, str]
    """Where the path of each file and mount leads in the root filesystem, free of symlinks."""
    files: tuple[File, ...]
    """Those of the spec, and /etc/hosts and /etc/resolv.conf."""
    streams: tuple[int, int, int]
    identities: Identities
    notify: int = -1
    """Where whoever asked for it hears of the process (run.py)."""


def arrange(spec: RunSpec, kinds: tuple[str, ...], streams: list[int], notify: int = -1) -> Arranged:
    """Mounts the root filesystem with the first of `kinds` that can."""
    rootfs, scratch = spec.rootfs, ahead.scratch()
    spec = spec._replace(mounts=show_sources(spec.mounts, kinds, scratch))
    place = f"{scratch}/root"
    os.mkdir(place, 0o755)
    stood_on: list[stubs.Target] = []
    if os.listdir(rootfs.upper):  # by an earlier run
        tree = Merged((*rootfs.lowers, rootfs.upper))
    else:
        tree = Merged(rootfs.lowers)
        stood_on = _prepare_upper(tree, spec)
    files = (File("/etc/hosts", network.hosts_file(spec)), File("/etc/resolv.conf", network.resolv_conf()), *spec.files)
    targets = _find_targets(spec, files, tree)
    missing = [target for target in targets.values() if not target.exists and _is_of_image(target.path)] + stood_on
    stub_directory = f"{scratch}/stubs"
    if missing:
        stubs.plant(tree, stub_directory, missing)
    mounts = tuple(_with_mode(mount, targets[mount.target], tree) for mount in spec.mounts)
    kind = mount_first(kinds, rootfs, (stub_directory,) if missing else (), place)
    return Arranged(
        spec=spec._replace(mounts=mounts),
        kind=kind,
        root=place,
        scratch=scratch,
        tree=tree,
        targets={name: target.path for name, target in targets.items()},
        files=files,
        streams=_streams(streams),
        identities=own_identities(),
        notify=notify,
    )


def in_order(arranged: Arranged) -> list[tuple[File | Mount, str]]:
    """All files and mounts with where they go, in the order in which they are to be mounted."""

    def place(item: File | Mount) -> tuple[File | Mount, str]:
        return item, arranged.targets[item.path if isinstance(item, File) else item.target]

    ours = [place(file) for file in arranged.files[:SYSTEM_FILES]]
    given = [place(file) for file in arranged.files[SYSTEM_FILES:]] + [place(mount) for mount in arranged.spec.mounts]
    return ours + sorted(given, key=lambda item: os.fsencode(item[1]))


def _prepare_upper(tree: Merged, spec: RunSpec) -> list[stubs.Target]:
    """The root directory itself is the upper one's, so it takes after the one below. The trees of the kernel need
    directories to stand on: where the image has none, the layer gets them, as BuildKit leaves them too, and takes them
    away where it has put something below them for the run. These are returned."""
    rootfs = spec.rootfs
    if rootfs.lowers:
        stubs.copy_attributes(rootfs.lowers[-1], rootfs.upper)
    given = [file.path for file in spec.files] + [mount.target for mount in spec.mounts]
    stood_on = []
    for path in _OWN_TREES:
        place = tree.find(path)
        if place is not None and (os.path.islink(place) or not os.path.isdir(place)):
            raise SandboxError("bad-root", f"{path} of the image is not a directory", hint="make it one, or remove it")
        if place is None and any(target.startswith(f"{path}/") for target in given):
            stood_on.append(stubs.Target(path, exists=False, is_directory=True))
        elif place is None:
            os.mkdir(rootfs.upper + path, 0o755)
    return stood_on


def _find_targets(spec: RunSpec, files: tuple[File, ...], tree: Merged) -> dict[str, stubs.Target]:
    targets = {file.path: stubs.resolve(tree, file.path, False) for file in files}
    for mount in spec.mounts:
        is_memory = mount.kind == "tmpfs"
        target = stubs.resolve(tree, mount.target, is_memory or os.path.isdir(mount.source))
        mode = 0o1777 if mount.mode is None else mount.mode
        targets[mount.target] = target._replace(mode=mode) if is_memory else target
    return targets


def _with_mode(mount: Mount, target: stubs.Target, tree: Merged) -> Mount:
    if mount.kind != "tmpfs" or mount.mode is not None:
        return mount
    place = tree.find(target.path)
    return mount._replace(mode=stat.S_IMODE(os.stat(place).st_mode) if place else 0o1777)


def _is_of_image(path: str) -> bool:
    """Below /dev and the like there is nothing of the image: what is needed there is made in the fresh mounts."""
    return not path.startswith(tuple(f"{tree}/" for tree in _OWN_TREES))


def _streams(fds: list[int]) -> tuple[int, int, int]:
    if len(fds) < 3:
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        written = fds[0] if fds else null
        return null, written, written
    given, output, errors = fds
    return given, output, errors
