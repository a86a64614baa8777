"""What `pybuild ps` shows, and its filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from builder.containers.records import all_containers, state_of
from builder.containers.types import Container, Port, State
from builder.errors import UsageError
from builder.store.store import Store

_KEYS = ("ancestor", "exited", "id", "label", "name", "network", "publish", "status", "volume")


class Listed(NamedTuple):
    container: Container
    state: State

    def to_json(self) -> dict[str, Any]:
        container, state = self
        return {
            "id": container.id,
            "name": container.name,
            "image": container.image,
            "image_id": container.image_id,
            "command": list(container.argv),
            "created": container.created,
            "status": state.status,
            "exit_code": state.exit_code,
            "pid": state.pid,
            "started": state.started,
            "finished": state.finished,
            "error": state.error,
            "ports": [port_text(port) for port in container.ports],
            "mounts": [mount.source or mount.destination for mount in container.mounts],
            "labels": dict(container.run_config.labels),
            "network": container.network,
        }


def list_containers(store: Store, filters: Sequence[str] = (), *, everything: bool = False) -> list[Listed]:
    """Newest first; only those that run, unless `everything`, or a filter that speaks of their state, asks for more.
    Filters with the same key are alternatives."""
    wanted: dict[str, list[str]] = {}
    for text in filters:
        key, equals, value = text.partition("=")
        if key not in _KEYS or not equals:
            hint = f"KEY=VALUE with one of {', '.join(_KEYS)}"
            raise UsageError("bad-option", f"--filter {text}: no such filter", hint=hint)
        wanted.setdefault(key, []).append(value)
    everything = everything or bool({"status", "exited"} & wanted.keys())
    listed = [Listed(container, state_of(store, container.id)) for container in all_containers(store)]
    return [
        row
        for row in listed
        if (everything or row.state.running)
        and all(any(_fits(row, key, value) for value in values) for key, values in wanted.items())
    ]


def _fits(row: Listed, key: str, value: str) -> bool:
    container, state = row
    facts: dict[str, Callable[[], bool]] = {
        "ancestor": lambda: _is_of(container, value),
        "exited": lambda: state.status == "exited" and str(state.exit_code) == value,
        "id": lambda: container.id.startswith(value),
        "label": lambda: _has_label(container, value),
        "name": lambda: value in container.name,
        "network": lambda: container.network == value,
        "publish": lambda: any(value in (str(port.host), f"{port.host}/{port.protocol}") for port in container.ports),
        "status": lambda: value == ("paused" if state.paused else state.status),
        "volume": lambda: any(value in (mount.source, mount.destination) for mount in container.mounts),
    }
    return facts[key]()


def _is_of(container: Container, image: str) -> bool:
    if image.removesuffix(":latest") == container.image.removesuffix(":latest"):
        return True
    return bool(image) and container.image_id.hex.startswith(image.removeprefix("sha256:"))


def _has_label(container: Container, wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    labels = dict(container.run_config.labels)
    return name in labels and (not equals or labels[name] == value)


def status_text(state: State, since: str) -> str:
    """docker's: `Up 3 minutes`, `Exited (0) 3 minutes ago`; `since` is the time in words."""
    match state.status:
        case "running":
            return f"Up {since.removesuffix(' ago')}{' (Paused)' if state.paused else ''}"
        case "exited":
            return f"Exited ({state.exit_code}){f' {since}' if state.finished else ''}"
    return "Created"


def port_text(port: Port) -> str:
    address = f"[{port.address}]" if ":" in port.address else port.address
    return f"{address}:{port.host}->{port.container}/{port.protocol}"
