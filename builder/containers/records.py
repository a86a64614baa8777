"""Where containers are kept, and finding one by what people type.

    containers/ID/config.json    the Container; never changes
    containers/ID/state.json     the State, written by the monitor
    containers/ID/lock           held by the monitor for as long as the container runs
    containers/ID/control        the monitor's socket
    containers/ID/log            a line of JSON for every line of output
    containers/ID/upper work/    the overlay's: what the container has changed
    containers/ID/hosts hostname resolv.conf

A container is made in the store's temporary folder and renamed to its place: it is there whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress

from builder.containers.monitor.wire import connect
from builder.containers.types import Container, State
from builder.errors import StoreError
from builder.store.failures import storing
from builder.store.store import Store

_FOLDER = "containers"
_ID = re.compile(r"[0-9a-f]{64}")
_KILLED = 137


def folder_of(store: Store, identifier: str) -> str:
    return f"{store.folder(_FOLDER)}/{identifier}"


def all_containers(store: Store) -> list[Container]:
    """Newest first."""
    return sorted(_every(store), key=lambda container: (container.created, container.id), reverse=True)


def _every(store: Store) -> Iterator[Container]:
    with storing(store.folder(_FOLDER)):
        names = [name for name in os.listdir(store.folder(_FOLDER)) if is_container(name)]
    for name in names:
        with suppress(FileNotFoundError):  # removed meanwhile
            yield read_container(store, name)


def is_container(name: str) -> bool:
    """By the name of its folder."""
    return bool(_ID.fullmatch(name))


def read_container(store: Store, identifier: str) -> Container:
    path = f"{folder_of(store, identifier)}/config.json"
    try:
        with open(path, encoding="utf-8") as file:
            return Container.from_json(json.load(file))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(
            "bad-container", f"{path} is damaged: {error}", hint="remove the folder, or restore the file"
        ) from error


def find_container(store: Store, text: str) -> Container:
    """By name, id or the beginning of one; names come first. Raises StoreError `no-such-container`, `ambiguous-id`."""
    everything = all_containers(store)
    named = [container for container in everything if container.name == text.removeprefix("/")]
    if named:
        return named[0]
    found = [container for container in everything if text and container.id.startswith(text)]
    if not found:
        raise StoreError("no-such-container", f"there is no container {text[:200]}", hint="`pybuild ps -a` lists them")
    if len(found) > 1:
        raise StoreError("ambiguous-id", f"{text} begins the ids of {len(found)} containers", hint="write more of it")
    return found[0]


def write_container(folder: str, container: Container) -> None:
    with open(f"{folder}/config.json", "x", encoding="utf-8") as file:
        json.dump(container.to_json(), file)
        file.flush()
        os.fsync(file.fileno())


def state_of(store: Store, identifier: str) -> State:
    """The truth, also where the monitor was killed before it could write it down: where nobody listens nothing runs,
    since the kernel ends a container with its monitor. The lock is not asked: who holds it for a moment, to look, could
    be taken for a monitor. Status `dead`: it was removed meanwhile."""
    folder = folder_of(store, identifier)
    if not os.path.isdir(folder):
        return State(status="dead")
    state = read_state(folder)
    if state.running and not _is_attended(folder):
        state = read_state(folder)  # it may have ended just now
    if state.running and not _is_attended(folder):
        return state._replace(
            status="exited", pid=0, monitor=0, exit_code=_KILLED, error="its monitor was killed, and it with it"
        )
    return state


def _is_attended(folder: str) -> bool:
    try:
        connect(folder).close()
    except OSError:
        return False
    return True


def read_state(folder: str) -> State:
    try:
        with open(f"{folder}/state.json", encoding="utf-8") as file:
            return State(**json.load(file))
    except FileNotFoundError:
        return State()


def write_state(folder: str, state: State) -> None:
    """One writer at a time: who holds the lock."""
    with open(f"{folder}/state.json.new", "w", encoding="utf-8") as file:
        json.dump(state._asdict(), file)
    os.rename(f"{folder}/state.json.new", f"{folder}/state.json")
