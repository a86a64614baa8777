"""`--secret` as buildx reads it: values are looked up when a step wants them, and kept nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from builder.errors import BuilderError, UsageError

_MAX_BYTES = 500 << 10


class Secret(NamedTuple):
    id: str
    path: str = ""
    variable: str = ""


class Secrets:
    def __init__(self, specs: Iterable[str], env: Mapping[str, str]) -> None:
        """Raises UsageError for what cannot be read as a secret, or whose file is not there."""
        self._env = env
        self._known = {secret.id: secret for secret in (_parse(text, env) for text in specs)}

    def words(self) -> tuple[bytes, ...]:
        """What a log must not show: the values that can be had, and their lines."""
        found: set[bytes] = set()
        for name in self._known:
            with suppress(BuilderError):
                value = self.value(name) or b""
                found |= {value.strip(), *(line.strip() for line in value.splitlines())}
        return tuple(sorted(found))

    def files(self) -> dict[str, str]:
        """Paths of those that come from files, by id."""
        return {name: secret.path for name, secret in self._known.items() if secret.path and not secret.variable}

    def value(self, name: str) -> bytes | None:
        """None for a secret that was not given."""
        secret = self._known.get(name)
        if secret is None:
            return None
        value = os.fsencode(self._env.get(secret.variable, "")) if secret.variable else _read(secret)
        if len(value) > _MAX_BYTES:
            raise UsageError("big-secret", f"the secret {name!r} is larger than 500 KiB")
        return value


def _parse(text: str, env: Mapping[str, str]) -> Secret:
    options = _options(text, "--secret", {"type", "id", "source", "src", "env"})
    name, kind = options.get("id", ""), options.get("type", "")
    if not name:
        raise UsageError("bad-secret", f"--secret {text}: no id", hint="write --secret id=NAME,src=FILE")
    if kind not in ("", "file", "env"):
        raise UsageError("bad-secret", f"--secret {text}: the type is file or env, not {kind!r}")
    path, variable = options.get("source", options.get("src", "")), options.get("env", "")
    if kind == "env" and not variable:
        path, variable = "", path
    if not path and not variable:
        path, variable = ("", name) if name in env else (name, "")
    if path and not variable and not os.path.exists(path):
        raise UsageError("no-secret-file", f"--secret {text}: there is no file {path}")
    return Secret(name, path, variable)


def _read(secret: Secret) -> bytes:
    try:
        with open(secret.path, "rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError("no-secret-file", f"the secret {secret.id!r} cannot be read: {error.strerror}") from error


def _options(text: str, option: str, known: set[str]) -> dict[str, str]:
    import csv

    fields = next(csv.reader([text]), [])
    options: dict[str, str] = {}
    for field in fields:
        key, equals, value = field.partition("=")
        if not equals or key.lower() not in known:
            raise UsageError(
                "bad-secret", f"{option}: {key!r} is no option", hint=f"options: {', '.join(sorted(known))}"
            )
        options[key.lower()] = value
    return options
