"""Removing containers."""

from __future__ import annotations

import _socket
import os
import select
import signal
import struct
import time
from contextlib import ExitStack, closing, suppress

from builder.containers import cgroups
from builder.containers.client import ask, wait_for_end
from builder.containers.hold import hold_stopped
from builder.containers.monitor.wire import connect
from builder.containers.records import damaged_containers, folder_of, state_of
from builder.containers.tools import Tools
from builder.containers.types import Container, Damaged
from builder.containers.volumes import remove_unused_volume
from builder.errors import StoreError
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import Remover

_KILL = 9
_PAUSE_S = 0.01


def remove_container(
    container: Container | Damaged, tools: Tools, *, force: bool = False, volumes: bool = False
) -> None:
    """Afterwards it is gone; `force` ends it first, `volumes` takes those that have no name along, which are not known
    of one that is damaged. Raises StoreError `still-running`."""
    try:
        while (lock := hold_stopped(tools.store, container.id, wait=not force)) is None:
            if not force:
                raise StoreError(
                    "still-running",
                    f"container {container.name} runs",
                    hint=f"`pybuild stop {container.name}` first, or --force",
                )
            _end(container, tools.store)
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


def _end(container: Container | Damaged, store: Store) -> None:
    """Afterwards nothing of it runs, nor begins to. Who only looks into it is waited for."""
    if not state_of(store, container.id).running:
        if not _end_monitor(folder_of(store, container.id)):
            time.sleep(_PAUSE_S)
        return
    with suppress(StoreError):  # it has ended meanwhile
        watch, _ = ask(store, container.id, container.name, {"do": "watch"})
        ask(store, container.id, container.name, {"do": "signal", "number": _KILL})[0].close()
        wait_for_end(watch)
        watch.close()


def _end_monitor(folder: str) -> bool:
    """Of one that is just beginning, and may be waiting for its network; all that it has started ends with it. False:
    there is none (yet), or it has just ended."""
    try:
        with closing(connect(folder)) as sock:
            pid, _, _ = struct.unpack("3i", sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
        with ExitStack() as opened:
            pidfd = os.pidfd_open(pid)
            opened.callback(os.close, pidfd)
            connect(folder).close()  # it listens still, so that the number is its own
            signal.pidfd_send_signal(pidfd, _KILL)
            select.select([pidfd], [], [])
    except OSError:
        return False
    return True


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
