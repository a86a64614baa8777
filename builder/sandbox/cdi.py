"""The machine's devices for containers, as their vendors describe them: Container Device Interface, 1.0.

Files that are damaged, or of two minds about a device, take none of their devices away from others: what is wrong with
them is told when a device is looked for that nobody describes.

Decision, 2026-11-24: nodes, mounts and variables are given; what would have to run on the machine or change more of it
(hooks, network devices, cache classes, further groups) is refused by name. A node is shown as the machine has it, with
its own owner and mode.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from builder.errors import SandboxError
from builder.sandbox.spec import Mount

_CLASS = "org.mobyproject.buildkit.device.class"
_AUTO_ALLOW = "org.mobyproject.buildkit.device.autoallow"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_GIVEN = ("env", "deviceNodes", "mounts")
_LIMIT = 4 << 20


class Described(NamedTuple):
    """One device."""

    name: str
    """`VENDOR/CLASS=NAME`."""
    path: str
    """Of the file that describes it."""
    annotations: Mapping[str, str]
    edits: Sequence[Mapping[str, Any]]
    """Of the file, and of the device."""

    @property
    def allows_itself(self) -> bool:
        """Its vendor says that a build need not be allowed to have it."""
        return self.annotations.get(_AUTO_ALLOW) in _TRUE


class Given(NamedTuple):
    """What a process gets with its devices."""

    env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()


class Devices:
    """`folders` in order: a later one has the last word on a device."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.faults: list[str] = []
        self._known: dict[str, Described] = {}
        for folder in folders:
            found: dict[str, list[Described]] = {}
            for path in _files(folder):
                for device in self._read(path):
                    found.setdefault(device.name, []).append(device)
            for name, devices in found.items():
                if len(devices) == 1:
                    self._known[name] = devices[0]
                else:
                    self._known.pop(name, None)
                    self.faults.append(f"{name} is described by {' and '.join(device.path for device in devices)}")

    def find(self, wanted: str) -> list[Described]:
        """`VENDOR/CLASS=NAME`, `VENDOR/CLASS` for the first of them, `VENDOR/CLASS=*` for all, or the name of a class
        that devices give themselves, as in BuildKit."""
        kind, _, name = wanted.partition("=")
        of_kind = [self._known[known] for known in sorted(self._known) if known.startswith(f"{kind}=")]
        found: list[Described] = []
        if "/" in kind:
            if name in ("", "*"):
                found = of_kind if name else of_kind[:1]
            else:
                found = [device for device in of_kind if device.name == wanted]
        classes = (self._known[known] for known in sorted(self._known))
        return found or [device for device in classes if device.annotations.get(_CLASS) == wanted]

    def _read(self, path: str) -> list[Described]:
        try:
            return list(_described(path, _document(path)))
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            self.faults.append(f"{path} cannot be read: {getattr(error, 'strerror', '') or type(error).__name__}")
            return []


def edits_of(devices: Sequence[Described]) -> Given:
    """Raises SandboxError `device-unsupported`."""
    given = Given()
    edits = {id(edit): (device, edit) for device in devices for edit in device.edits}
    for device, edit in edits.values():
        refused = [name for name, value in edit.items() if value and name not in _GIVEN]
        if refused:
            raise SandboxError(
                "device-unsupported",
                f"the device {device.name} needs {', '.join(refused)} ({device.path})",
                hint="pybuild gives a device's nodes, mounts and variables, and changes nothing else of the machine",
            )
        variables = (text.partition("=") for text in edit.get("env") or ())
        nodes = tuple(_node(device, node) for node in edit.get("deviceNodes") or ())
        mounts = tuple(_mount(mount) for mount in edit.get("mounts") or ())
        given = Given((*given.env, *((name, value) for name, _, value in variables)), (*given.mounts, *nodes, *mounts))
    last = {mount.target: mount for mount in given.mounts}
    return given._replace(mounts=tuple(last.values()))


def _node(device: Described, node: Mapping[str, Any]) -> Mount:
    source = node.get("hostPath") or node["path"]
    if not os.path.exists(source):
        raise SandboxError(
            "no-device",
            f"the device {device.name} has no {source} on this machine",
            hint=f"{device.path} describes it: is its driver loaded?",
        )
    return Mount("bind", node["path"], source)


def _mount(mount: Mapping[str, Any]) -> Mount:
    options = mount.get("options") or ()
    if mount.get("type") == "tmpfs":
        return Mount("tmpfs", mount["containerPath"], readonly="ro" in options)
    return Mount("bind", mount["containerPath"], mount["hostPath"], readonly="ro" in options)


def _files(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if name.endswith((".json", ".yaml"))]


def _document(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        text = file.read(_LIMIT)
    if path.endswith(".json"):
        document = json.loads(text)
    else:
        import yaml

        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(path) from error
    if not isinstance(document, dict):
        raise ValueError(path)
    return document


def _described(path: str, document: dict[str, Any]) -> Iterator[Described]:
    kind = document["kind"]
    if "/" not in kind or not document["cdiVersion"]:
        raise ValueError(path)
    common = document.get("containerEdits") or {}
    for device in document["devices"]:
        annotations = {**(document.get("annotations") or {}), **(device.get("annotations") or {})}
        edits = (common, device.get("containerEdits") or {})
        _check(edits)
        yield Described(f"{kind}={device['name']}", path, annotations, edits)


def _check(edits: Sequence[Mapping[str, Any]]) -> None:
    """Raises what `_read` takes for a damaged file."""
    for edit in edits:
        for text in edit.get("env") or ():
            text.partition("=")
        paths = [node["path"] for node in edit.get("deviceNodes") or ()]
        for mount in edit.get("mounts") or ():
            paths += [mount["containerPath"], *([] if mount.get("type") == "tmpfs" else [mount["hostPath"]])]
        if not all(os.path.isabs(path) for path in paths):
            raise ValueError("a path that is not absolute")
