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

from builder.containers.monitor.wire import connect
from builder.containers.types import Container, Damaged, State
from builder.errors import BuilderError, StoreError
from builder.store.failures import storing
from builder.store.store import Store

_FOLDER = "containers"
PARTS = {"upper": 0o755, "work": 0o700, "base": 0o755}
"""The folders that every container has, with their modes."""
_ID = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(rb'"name": ?"([a-zA-Z0-9_.-]+)"')
"""Near the beginning of a record, so that it outlives most damage."""
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, BuilderError)
"""What reading a record raises that is cut off, or of another form."""
_KILLED = 137
_BY_KILLING = "its monitor was killed, and it with it"


def folder_of(store: Store, identifier: str) -> str:
    return f"{store.folder(_FOLDER)}/{identifier}"


def all_containers(store: Store) -> list[Container]:
    """Those whose records can be read, newest first: what is damaged stands in no other's way."""
    return [found for found in every_container(store) if isinstance(found, Container)]


def damaged_containers(store: Store) -> list[Damaged]:
    return [found for found in every_container(store) if isinstance(found, Damaged)]


def every_container(store: Store) -> list[Container | Damaged]:
    """Newest first; the damaged ones at the end."""
    with storing(store.folder(_FOLDER)):
        names = sorted(name for name in os.listdir(store.folder(_FOLDER)) if _is_container(name))
    found = [one for name in names if (one := _read(store, name)) is not None]
    return sorted(found, key=lambda one: one.created if isinstance(one, Container) else "", reverse=True)


def _is_container(name: str) -> bool:
    """By the name of its folder."""
    return bool(_ID.fullmatch(name))


def _read(store: Store, identifier: str) -> Container | Damaged | None:
    """None: it was removed meanwhile, which takes all of it away at once."""
    folder, text = folder_of(store, identifier), b""
    try:
        with open(f"{folder}/config.json", "rb") as file:
            text = file.read()
        container = Container.from_json(json.loads(text))
        why = _contradiction(folder, container)
    except _UNREADABLE as error:
        why = f"config.json: {_said(error)}"
    if not why:
        return container
    name = _NAME.search(text)
    damaged = Damaged(identifier, name[1].decode() if name else identifier[:12], why)
    return damaged if os.path.isdir(folder) else None


def _contradiction(folder: str, container: Container) -> str:
    """What keeps one whose record can be read from ever being started."""
    if container.id != os.path.basename(folder):
        return "config.json: it is that of another container"
    missing = [name for name in PARTS if not os.path.isdir(f"{folder}/{name}")]
    return f"the folder {', '.join(missing)} is missing" if missing else ""


def _said(error: Exception) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case KeyError():
            return f"{error} is missing"
        case _:
            return str(error)


def find_container(store: Store, text: str) -> Container:
    """By name, id or the beginning of one; names come first. Raises StoreError `no-such-container`, `ambiguous-id`,
    `bad-container` where it is damaged."""
    found = find_even_damaged(store, text)
    if isinstance(found, Damaged):
        raise found.error()
    return found


def find_even_damaged(store: Store, text: str) -> Container | Damaged:
    """As `find_container`."""
    everything = every_container(store)
    named = [one for one in everything if one.name == text.removeprefix("/")]
    if named:
        return named[0]
    found = [one for one in everything if text and one.id.startswith(text)]
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
        return state._replace(status="exited", pid=0, monitor=0, exit_code=_KILLED, error=state.error or _BY_KILLING)
    return state


def _is_attended(folder: str) -> bool:
    try:
        connect(folder).close()
    except OSError:
        return False
    return True


def read_state(folder: str) -> State:
    """One that is damaged, as a machine that stopped may leave it, says nothing: whether the container runs is for its
    monitor to tell."""
    try:
        with open(f"{folder}/state.json", encoding="utf-8") as file:
            return State(**json.load(file))
    except FileNotFoundError:
        return State()
    except (ValueError, TypeError) as error:
        return State(status="running", error=f"state.json is damaged: {error}")


def write_state(folder: str, state: State) -> None:
    """One writer at a time: who holds the lock."""
    with open(f"{folder}/state.json.new", "w", encoding="utf-8") as file:
        json.dump(state._asdict(), file)
    os.rename(f"{folder}/state.json.new", f"{folder}/state.json")
