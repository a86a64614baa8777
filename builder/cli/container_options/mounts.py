"""`-v`, `--mount` and `--tmpfs`."""

from __future__ import annotations

import os
from collections.abc import Sequence

from builder.containers.types import MountPoint
from builder.containers.volumes import check_volume_name
from builder.errors import UsageError
from builder.model.size import parse_size

_FLAGS = {"ro": True, "rw": False}
_IGNORED = ("z", "Z")
"""Labels of SELinux: docker, too, does nothing where there is none, and we set none anywhere."""


def mounts_of(
    volumes: Sequence[str], mounts: Sequence[str], tmpfs: Sequence[str], devices: Sequence[MountPoint] = ()
) -> tuple[MountPoint, ...]:
    found = [*map(_volume, volumes), *map(_mount, mounts), *map(_tmpfs, tmpfs), *devices]
    seen: set[str] = set()
    for mount in found:
        if mount.destination in seen:
            raise UsageError("bad-option", f"two mounts at {mount.destination}")
        seen.add(mount.destination)
    return tuple(found)


def devices_of(texts: Sequence[str]) -> tuple[MountPoint, ...]:
    """`PATH[:PATH[:rwm]]`: the node itself is shown, as docker shows it to an ordinary user."""
    return tuple(map(_device, texts))


def _device(text: str) -> MountPoint:
    source, *rest = text.split(":")
    target = next((word for word in rest if word.startswith("/")), source)
    rights = rest[-1] if rest and not rest[-1].startswith("/") else "rwm"
    if not source.startswith("/dev/") or len(rest) > 2 or not rights or set(rights) - set("rwm"):
        hint = "PATH[:PATH[:rwm]], such as /dev/fuse or /dev/ttyUSB0:/dev/serial"
        raise UsageError("bad-option", f"--device {text}: no device", hint=hint)
    if not os.path.exists(source):
        raise UsageError("bad-option", f"--device {text}: this machine has no {source}")
    return MountPoint("bind", _target(target, f"--device {text}"), os.path.realpath(source), readonly="w" not in rights)


def _volume(text: str) -> MountPoint:
    """`[SOURCE:]PATH[:OPTIONS]`: a path on this machine, which is made if it is not there, or a volume's name."""
    source, colon, rest = text.partition(":")
    if not colon:
        return MountPoint("volume", _target(text, f"-v {text}"), anonymous=True)
    target, _, options = rest.partition(":")
    words = [word for word in options.split(",") if word and word not in _IGNORED]
    unknown = [word for word in words if word not in (*_FLAGS, "nocopy")]
    if unknown:
        raise UsageError("bad-option", f"-v {text}: unknown option {unknown[0]!r}", hint="ro, rw, nocopy")
    readonly = any(_FLAGS.get(word, False) for word in words)
    target = _target(target, f"-v {text}")
    if source.startswith(("/", "./", "../", "~")) or source in (".", ".."):
        path = os.path.abspath(os.path.expanduser(source))
        os.makedirs(path, exist_ok=True) if not os.path.lexists(path) else None
        return MountPoint("bind", target, path, readonly)
    return MountPoint("volume", target, check_volume_name(source), readonly, copy="nocopy" not in words)


def _mount(text: str) -> MountPoint:
    """`type=bind|volume|tmpfs,source=...,target=...,readonly`: nothing is made on this machine."""
    fields = dict(_field(word) for word in text.split(","))
    kind = fields.pop("type", "volume")
    target = _target(_one_of(fields, "target", "destination", "dst"), f"--mount {text}")
    source = _one_of(fields, "source", "src")
    readonly = _truth(_one_of(fields, "readonly", "ro") or "false", text)
    match kind:
        case "bind" if os.path.isabs(source):
            mount = MountPoint("bind", target, os.path.normpath(source), readonly)
        case "volume":
            copy = not _truth(fields.pop("volume-nocopy", "false"), text)
            name = check_volume_name(source) if source else ""
            mount = MountPoint("volume", target, name, readonly, copy=copy, anonymous=not name)
        case "tmpfs" if not source:
            size, mode = fields.pop("tmpfs-size", ""), fields.pop("tmpfs-mode", "")
            mount = MountPoint("tmpfs", target, "", readonly, size=_size(size, text), mode=_mode(mode, text))
        case _:
            raise UsageError(
                "bad-option", f"--mount {text}", hint="type=bind with an absolute source, volume, or tmpfs without one"
            )
    if fields:
        raise UsageError("bad-option", f"--mount {text}: unknown option {next(iter(fields))!r}")
    return mount


def _tmpfs(text: str) -> MountPoint:
    """`PATH[:OPTIONS]`."""
    path, _, options = text.partition(":")
    mount = MountPoint("tmpfs", _target(path, f"--tmpfs {text}"))
    for word in options.split(",") if options else ():
        name, _, value = word.partition("=")
        match name:
            case "ro" | "rw":
                mount = mount._replace(readonly=_FLAGS[name])
            case "size":
                mount = mount._replace(size=_size(value, text))
            case "mode":
                mount = mount._replace(mode=_mode(value, text))
            case "exec" | "noexec":
                mount = mount._replace(noexec=name == "noexec")
            case "nosuid" | "nodev":
                pass  # they always hold
            case _:
                hint = "ro, rw, size=, mode=, exec, noexec, nosuid, nodev"
                raise UsageError("bad-option", f"--tmpfs {text}: unknown option {word!r}", hint=hint)
    return mount


def _field(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    return name.strip().lower(), value if equals else "true"


def _one_of(fields: dict[str, str], *names: str) -> str:
    found = [fields.pop(name) for name in names if name in fields]
    return found[0] if found else ""


def _target(path: str, where: str) -> str:
    if not path.startswith("/") or os.path.normpath(path) == "/":
        raise UsageError("bad-option", f"{where}: the place in the container must be an absolute path, and not /")
    return os.path.normpath(path)


def _truth(text: str, where: str) -> bool:
    if text not in ("true", "1", "false", "0"):
        raise UsageError("bad-option", f"--mount {where}: {text!r} is neither true nor false")
    return text in ("true", "1")


def _size(text: str, where: str) -> int:
    size = parse_size(text) if text else 0
    if size is None:
        raise UsageError("bad-option", f"{where}: {text!r} is no size", hint="write it like 64m or 1g")
    return size


def _mode(text: str, where: str) -> int | None:
    try:
        return int(text, 8) if text else None
    except ValueError as error:
        raise UsageError("bad-option", f"{where}: {text!r} is no mode", hint="octal, such as 1777") from error
