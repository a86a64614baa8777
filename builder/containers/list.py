"""What `pybuild ps` shows, and its filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from builder.containers.records import every_container, state_of
from builder.containers.types import Container, Damaged, MountPoint, Port, State
from builder.errors import UsageError
from builder.store.store import Store

_KEYS = ("ancestor", "exited", "id", "label", "name", "network", "publish", "status", "volume")


class Listed(NamedTuple):
    """What is shown of a container; of one that is damaged, little."""

    id: str
    name: str
    state: State
    image: str = ""
    image_id: str = ""
    command: tuple[str, ...] = ()
    created: str = ""
    ports: tuple[Port, ...] = ()
    mounts: tuple[MountPoint, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    network: str = ""

    @property
    def status(self) -> str:
        return "paused" if self.state.paused else self.state.status

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "image": self.image,
            "image_id": self.image_id,
            "command": list(self.command),
            "created": self.created,
            "status": self.state.status,
            "exit_code": self.state.exit_code,
            "pid": self.state.pid,
            "started": self.state.started,
            "finished": self.state.finished,
            "error": self.state.error,
            "ports": [port_text(port) for port in self.ports],
            "mounts": [mount.source or mount.destination for mount in self.mounts],
            "labels": dict(self.labels),
            "network": self.network,
        }


def list_containers(store: Store, filters: Sequence[str] = (), *, everything: bool = False) -> list[Listed]:
    """Newest first; only those that run and those that are damaged, unless `everything`, or a filter that speaks of
    their state, asks for more. Filters with the same key are alternatives."""
    wanted: dict[str, list[str]] = {}
    for text in filters:
        key, equals, value = text.partition("=")
        if key not in _KEYS or not equals:
            hint = f"KEY=VALUE with one of {', '.join(_KEYS)}"
            raise UsageError("bad-option", f"--filter {text}: no such filter", hint=hint)
        wanted.setdefault(key, []).append(value)
    everything = everything or bool({"status", "exited"} & wanted.keys())
    return [
        row
        for row in (_row(store, found) for found in every_container(store))
        if (everything or row.state.status in ("running", "damaged"))
        and all(any(_fits(row, key, value) for value in values) for key, values in wanted.items())
    ]


def _row(store: Store, found: Container | Damaged) -> Listed:
    if isinstance(found, Damaged):
        return Listed(found.id, found.name, State("damaged", error=found.why))
    return Listed(
        id=found.id,
        name=found.name,
        state=state_of(store, found.id),
        image=found.image,
        image_id=found.image_id,
        command=found.argv,
        created=found.created,
        ports=found.ports,
        mounts=found.mounts,
        labels=found.run_config.labels,
        network=found.network,
    )


def _fits(row: Listed, key: str, value: str) -> bool:
    facts: dict[str, Callable[[], bool]] = {
        "ancestor": lambda: _is_of(row, value),
        "exited": lambda: row.status == "exited" and str(row.state.exit_code) == value,
        "id": lambda: row.id.startswith(value),
        "label": lambda: _has_label(row, value),
        "name": lambda: _is_called(row, value),
        "network": lambda: row.network == value,
        "publish": lambda: any(value in (str(port.host), f"{port.host}/{port.protocol}") for port in row.ports),
        "status": lambda: value == row.status,
        "volume": lambda: any(value in (mount.source, mount.destination) for mount in row.mounts),
    }
    return facts[key]()


def _is_called(row: Listed, wanted: str) -> bool:
    """docker's: an expression that is found in the name, which begins with a slash for those who write one."""
    try:
        return any(re.search(wanted, name) for name in (row.name, f"/{row.name}"))
    except re.error as error:
        raise UsageError("bad-option", f"--filter name={wanted}: no regular expression: {error}") from error


def _is_of(row: Listed, image: str) -> bool:
    if image.removesuffix(":latest") == row.image.removesuffix(":latest"):
        return bool(image)
    return bool(image) and row.image_id.removeprefix("sha256:").startswith(image.removeprefix("sha256:"))


def _has_label(row: Listed, wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    labels = dict(row.labels)
    return name in labels and (not equals or labels[name] == value)


def status_text(state: State, since: str) -> str:
    """docker's: `Up 3 minutes`, `Exited (0) 3 minutes ago`; `since` is the time in words."""
    match state.status:
        case "running":
            return f"Up {since.removesuffix(' ago')}{' (Paused)' if state.paused else ''}"
        case "exited":
            return f"Exited ({state.exit_code}){f' {since}' if state.finished else ''}"
        case "damaged":
            return "Damaged"
    return "Created"


def port_text(port: Port) -> str:
    return f"{port.place}->{port.container}/{port.protocol}"
