"""Directories that outlive containers: `volumes/NAME/data` in the store.

A volume that is used for the first time gets what the image has at its place, with owner and mode, as in docker. It is
made elsewhere and renamed: it is there whole or not at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from builder.containers.records import all_containers, state_of
from builder.containers.types import MountPoint
from builder.errors import StoreError, UsageError
from builder.sandbox.worker import Worker
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store

_FOLDER = "volumes"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def volume_path(store: Store, name: str) -> str:
    return f"{store.folder(_FOLDER)}/{name}/data"


def all_volumes(store: Store) -> list[str]:
    with storing(store.folder(_FOLDER)):
        return sorted(name for name in os.listdir(store.folder(_FOLDER)) if _NAME.fullmatch(name))


def find_volume(store: Store, name: str) -> str:
    """The name itself. Raises StoreError `no-such-volume`."""
    if name not in all_volumes(store):
        raise StoreError("no-such-volume", f"there is no volume {name[:200]}", hint="`pybuild volume ls` lists them")
    return name


def volume_users(store: Store) -> dict[str, list[str]]:
    """By volume, the names of the containers that have it."""
    users: dict[str, list[str]] = {}
    for container in all_containers(store):
        for mount in container.mounts:
            if mount.kind == "volume":
                users.setdefault(mount.source, []).append(container.name)
    return users


def inspect_volume(store: Store, name: str) -> dict[str, Any]:
    """docker's members. Raises StoreError `no-such-volume`."""
    place = volume_path(store, find_volume(store, name))
    made = datetime.fromtimestamp(os.stat(os.path.dirname(place)).st_mtime, UTC)
    return {
        "CreatedAt": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Driver": "local",
        "Labels": {},
        "Mountpoint": place,
        "Name": name,
        "Options": {},
        "Scope": "local",
        "UsedBy": volume_users(store).get(name, []),
    }


def check_volume_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            "bad-volume",
            f"{name[:100]!r} is neither an absolute path nor a name of a volume",
            hint="letters, digits, `_`, `.`, `-`",
        )
    return name


def ensure_volume(store: Store, mount: MountPoint, lowers: Sequence[str], worker: Callable[[], Worker]) -> None:
    """Afterwards it is there. `lowers`: the image's snapshots."""
    folder = f"{store.folder(_FOLDER)}/{mount.source}"
    with FileLock(f"{store.folder('locks')}/volumes"), storing(folder):
        if os.path.isdir(folder) and not (mount.copy and _is_empty(folder) and not _is_mounted(store, mount.source)):
            return
        draft = store.temporary.directory()
        initial = {"lowers": list(lowers), "path": mount.destination, "optional": True} if mount.copy else None
        args = {"directory": f"{draft}/data", "initial": initial, "mode": 0o755, "uid": 0, "gid": 0}
        worker().call("fill", args)
        if os.path.isdir(folder):
            os.rmdir(f"{folder}/data")
            os.rmdir(folder)
        os.rename(draft, folder)


def remove_unused_volume(store: Store, name: str, remover: Callable[[str], None]) -> bool:
    """False: a container has it."""
    from builder.containers.use import in_use

    folder, grave = f"{store.folder(_FOLDER)}/{name}", store.temporary.directory()
    with FileLock(f"{store.folder('locks')}/volumes"), storing(folder):
        if name in in_use(store).volumes or not os.path.isdir(folder):
            return False
        os.rename(folder, f"{grave}/volume")
    remover(grave)
    return True


def _is_mounted(store: Store, name: str) -> bool:
    return any(
        any(mount.kind == "volume" and mount.source == name for mount in container.mounts)
        and state_of(store, container.id).running
        for container in all_containers(store)
    )


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(f"{folder}/data")
    except PermissionError:  # it belongs to a subordinate user, so it was filled
        return False
