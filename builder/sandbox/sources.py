"""What mounts show, made ready while this machine can still be seen: everything becomes a bind mount or a tmpfs."""

from __future__ import annotations

import os

from builder.errors import SandboxError
from builder.sandbox import stubs
from builder.sandbox.merged import Merged
from builder.sandbox.roots import mount_first
from builder.sandbox.spec import Mount, RootFs


def show_sources(mounts: tuple[Mount, ...], kinds: tuple[str, ...], scratch: str) -> tuple[Mount, ...]:
    """The same mounts, as `bind` and `tmpfs` only. Trees are mounted below `scratch` with the first of `kinds` that
    can, sockets get their owner and mode."""
    shown = []
    for number, mount in enumerate(mounts):
        if mount.tree is not None:
            shown.append(_show_tree(mount, mount.tree, kinds, f"{scratch}/mount{number}"))
        elif mount.kind == "socket":
            os.chown(mount.source, mount.uid, mount.gid)
            os.chmod(mount.source, 0o600 if mount.mode is None else mount.mode)
            shown.append(Mount("bind", mount.target, mount.source))
        else:
            shown.append(mount)
    return tuple(shown)


def _show_tree(mount: Mount, tree: RootFs, kinds: tuple[str, ...], place: str) -> Mount:
    """The symlinks on the way to its source are followed before it is mounted: they cannot lead out of it."""
    os.mkdir(place, 0o755)
    lowers = tree.lowers
    if lowers:
        stubs.copy_attributes(lowers[-1], tree.upper)
    found = stubs.resolve(Merged((*lowers, tree.upper)), mount.source, True)
    if found.path != "/" and not found.exists:
        raise SandboxError("mount-source-missing", f"there is no {mount.source} to mount at {mount.target}")
    mount_first(kinds, tree, (), place)
    return Mount("bind", mount.target, place + found.path.rstrip("/"), mount.readonly)
