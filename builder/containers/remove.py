"""Removing containers."""

from __future__ import annotations

import os
from contextlib import suppress

from builder.containers import cgroups
from builder.containers.client import ask, wait_for_end
from builder.containers.hold import hold_stopped
from builder.containers.records import damaged_containers, folder_of
from builder.containers.tools import Tools
from builder.containers.types import Container, Damaged
from builder.containers.volumes import remove_unused_volume
from builder.errors import StoreError
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_KILL = 9


def remove_container(
    container: Container | Damaged, tools: Tools, *, force: bool = False, volumes: bool = False
) -> None:
    """Afterwards it is gone; `force` ends it first, `volumes` takes those that have no name along, which are not known
    of one that is damaged. Raises StoreError `still-running`."""
    try:
        while (lock := hold_stopped(tools.store, container.id)) is None:
            if not force:
                raise StoreError(
                    "still-running",
                    f"container {container.name} runs",
                    hint=f"`pybuild stop {container.name}` first, or --force",
                )
            end_container(container, tools)
        _remove_held(tools.store, container, lock, tools.remove_tree)
    except StoreError as error:
        if error.code != "no-such-container":  # one of --rm removes itself
            raise
    if isinstance(container, Container) and (volumes or container.settings.remove):
        _remove_volumes(container, tools)


def _remove_volumes(container: Container, tools: Tools) -> None:
    """Those without a name. While another container is damaged nobody knows which ones it has, and they stay."""
    for mount in () if damaged_containers(tools.store) else container.mounts:
        if mount.anonymous:
            remove_unused_volume(tools.store, mount.source, tools.remove_tree)


def remove_stopped(store: Store, container: Container, remover: Remover) -> bool:
    """Afterwards it is gone, unless it runs or somebody looks into it: then False."""
    try:
        lock = hold_stopped(store, container.id, wait=False)
        if lock is None:
            return False
        _remove_held(store, container, lock, remover)
    except StoreError as error:
        if error.code != "no-such-container":
            raise
    return True


def end_container(container: Container | Damaged, tools: Tools) -> None:
    """Afterwards nothing of it runs."""
    with suppress(StoreError):  # it has ended meanwhile
        watch, _ = ask(tools.store, container.id, container.name, {"do": "watch"})
        ask(tools.store, container.id, container.name, {"do": "signal", "number": _KILL})[0].close()
        wait_for_end(watch)
        watch.close()


def _remove_held(store: Store, container: Container | Damaged, lock: FileLock, remover: Remover) -> None:
    """Killed in the middle, what is left is never taken for a container; the next removal clears it away."""
    folder = folder_of(store, container.id)
    try:
        cgroups.left_by(container.id).remove()
        with storing(folder):
            os.rename(folder, f"{folder}.dead")
            parent = os.path.dirname(folder)
            for name in os.listdir(parent):
                if name.endswith(".dead"):
                    remover(f"{parent}/{name}")
    finally:
        lock.release()
