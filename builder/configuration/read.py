"""Finds the configuration files and reads them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from builder.configuration.types import Configuration
from builder.errors import UsageError

LOG_DRIVERS = ("json-file", "none")
MOST_LOG_FILES = 1000
MACHINE = "/etc/pybuild/config.toml"


def read_configuration(environment: Mapping[str, str], machine: str = MACHINE) -> Configuration:
    """The settings of the machine, with those of the user over them. A file that is not there says nothing.

    Raises UsageError `bad-configuration` for a file that cannot be read, is no TOML, or has a member that is unknown
    or of another kind."""
    configuration = Configuration()
    for path in _files(environment, machine):
        configuration = _merged(configuration, path)
    return configuration


def _files(environment: Mapping[str, str], machine: str) -> tuple[str, ...]:
    alone = environment.get("PYBUILD_CONFIG")
    if alone:
        return (alone,)
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return tuple(path for path in (machine, f"{home}/pybuild/config.toml") if os.path.exists(path))


def _merged(configuration: Configuration, path: str) -> Configuration:
    for section, members in _read(path).items():
        if section not in _READERS or not isinstance(members, dict):
            raise _bad(path, f"[{section}] is no section", known=_READERS)
        for member, value in members.items():
            if member not in _READERS[section]:
                raise _bad(path, f"[{section}] has no member {member}", known=_READERS[section])
            read = _READERS[section][member]
            try:
                settings = getattr(configuration, section)._replace(**{member.replace("-", "_"): read(value)})
            except ValueError as error:
                raise _bad(path, f"[{section}] {member}: expected {error}") from error
            configuration = configuration._replace(**{section: settings})
    return configuration


def _read(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise _bad(path, error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, f"it is not TOML: {error}") from error


def _bad(path: str, what: str, known: Mapping[str, object] | None = None) -> UsageError:
    hint = f"there are: {', '.join(known)}" if known else "the file's members are shown in the README"
    return UsageError("bad-configuration", f"{path}: {what}", hint=hint)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError("a list of strings")
    return tuple(value)


def _by_registry(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError("a table of registries, each with a list of addresses")
    return {name: _texts(addresses) for name, addresses in value.items()}


def _size(value: object) -> int:
    from builder.model.size import parse_size

    size = parse_size(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if size is None:
        raise ValueError('a size such as "10GB"')
    return size


def _time_span(value: object) -> float:
    from builder.model.time_span import parse_time_span

    seconds = parse_time_span(value) if isinstance(value, str) else None
    if seconds is None:
        raise ValueError('a length of time such as "36h" or "30d"')
    return seconds


def _log_driver(value: object) -> str:
    if value not in LOG_DRIVERS:
        raise ValueError(f"one of {', '.join(LOG_DRIVERS)}")
    return str(value)


def _log_size(value: object) -> int:
    return 0 if value == "-1" else _size(value)


def _log_files(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_LOG_FILES:
        raise ValueError(f"a number from 1 to {MOST_LOG_FILES}")
    return value


_READERS: dict[str, dict[str, Callable[[object], object]]] = {
    "registries": {"insecure": _texts, "mirrors": _by_registry, "token-servers": _by_registry},
    "storage": {"keep-storage": _size, "keep-age": _time_span},
    "devices": {"specifications": _texts},
    "containers": {"log-driver": _log_driver, "log-size": _log_size, "log-files": _log_files},
}
