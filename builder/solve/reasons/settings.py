"""What else a step depends on: WORKDIR, USER, options of the command line. As people write it."""

from __future__ import annotations

from collections.abc import Callable

from builder.solve.reasons.wording import change

_NAMES = {"cwd": "WORKDIR", "user": "USER", "dest": "destination", "path": "WORKDIR", "shm_size": "--shm-size",
          "extra_hosts": "--add-host", "ulimits": "--ulimit", "network": "--network", "insecure": "--security",
          "devices": "--device", "chown": "--chown", "chmod": "--chmod"}  # fmt: skip
_DEFAULTS = {"network": "default", "user": "root", "insecure": False, "shm_size": 64 << 20}


def setting_change(name: str, old: object, new: object) -> str:
    """`USER: root -> 1000`, of a part of the key."""
    before, after = (_shown(name, _DEFAULTS.get(name) if value is None else value) for value in (old, new))
    return f"{_NAMES.get(name, name)}: {change(before, after)}"


def _shown(name: str, value: object) -> object:
    write = _WRITTEN.get(name)
    return value if write is None or value is None else write(value)


def megabytes(value: object) -> str:
    whole = isinstance(value, int) and value % (1 << 20) == 0
    return f"{value >> 20}m" if whole and isinstance(value, int) else str(value)


def _limits(value: object) -> str:
    rows = [row for row in value if isinstance(row, list | tuple) and len(row) == 3] if isinstance(value, list) else []
    return " ".join(f"{name}={soft}:{hard}" for name, soft, hard in rows)


def _devices(value: object) -> str:
    rows = [row for row in value if isinstance(row, list | tuple) and len(row) == 2] if isinstance(value, list) else []
    return " ".join(f"{name},required" if required is True else str(name) for name, required in rows)


_WRITTEN: dict[str, Callable[[object], str]] = {
    "shm_size": megabytes,
    "ulimits": _limits,
    "devices": _devices,
    "insecure": lambda value: "insecure" if value else "sandbox",
}
