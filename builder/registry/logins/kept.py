"""Logins by registry, in docker's `config.json`, or where that file says: `credHelpers` for one registry, `credsStore`
for all others."""

from __future__ import annotations

import base64
import binascii
import json
import os
from contextlib import suppress

from builder.configuration.docker import damaged, read_docker_file
from builder.errors import UsageError
from builder.model.reference import DEFAULT_DOMAIN
from builder.registry.logins.keychain import Helper
from builder.registry.logins.types import Login

_HUB = "https://index.docker.io/v1/"
"""What docker calls Docker Hub in its files, for a reason of 2013."""


_HUB_HOSTS = frozenset({"index.docker.io", DEFAULT_DOMAIN, "registry-1.docker.io"})
"""Other tools, podman among them, call it so."""
_TEXTS = ("auth", "username", "password", "identitytoken", "registrytoken")


class Logins:
    """`path` is docker's config.json, which need not exist."""

    def __init__(self, path: str) -> None:
        self.path = path

    def find(self, domain: str) -> Login | None:
        """Raises UsageError `bad-docker-config` or `login-helper`."""
        members = read_docker_file(self.path)
        helper = self._helper(members, domain)
        if helper is not None:
            found = helper.get(server_of(domain))
            if found is not None:
                return found
        for key, value in _of_registry(self._table(members, "auths"), domain).items():
            login = self._login(key, value)
            if login is not None:
                return login
        return None

    def keep(self, domain: str, login: Login) -> str:
        """Afterwards `find` gives `login`. Returns the program that keeps it; empty where the file does, readable for
        its owner alone."""
        members = read_docker_file(self.path)
        helper = self._helper(members, domain)
        entry: dict[str, str] = {}
        if helper is not None:
            helper.store(server_of(domain), login)
        elif login.identity_token:
            entry = {"auth": _encoded(login.user, ""), "identitytoken": login.identity_token}
        else:
            entry = {"auth": _encoded(login.user, login.password)}
        others = _without(self._table(members, "auths"), domain)
        self._write({**members, "auths": {**others, server_of(domain): entry}})
        return helper.program if helper is not None else ""

    def forget(self, domain: str) -> bool:
        """Afterwards there is no login for `domain`; False where there was none."""
        members = read_docker_file(self.path)
        helper = self._helper(members, domain)
        there = helper is not None and helper.get(server_of(domain)) is not None
        if helper is not None and there:
            helper.erase(server_of(domain))
        entries = self._table(members, "auths")
        others = _without(entries, domain)
        if others != entries:
            self._write({**members, "auths": others})
        return there or others != entries

    def _helper(self, members: dict[str, object], domain: str) -> Helper | None:
        """A registry's own helper counts before everybody's, also where it is none: `"HOST": ""`."""
        own = _of_registry(self._table(members, "credHelpers"), domain)
        name = next(iter(own.values())) if own else members.get("credsStore")
        if not name:
            return None
        if not isinstance(name, str):
            raise damaged(self.path, "the name of a credential helper is no text")
        return Helper(name)

    def _table(self, members: dict[str, object], name: str) -> dict[str, object]:
        value = members.get(name) or {}
        if not isinstance(value, dict):
            raise damaged(self.path, f"{name} is no JSON object")
        return value

    def _login(self, key: str, value: object) -> Login | None:
        """One entry of `auths`; None where it is empty, as where a helper has the login."""
        entry = value if isinstance(value, dict) else {}
        text = {name: entry.get(name) or "" for name in _TEXTS}
        if not isinstance(value, dict) or not all(isinstance(part, str) for part in text.values()):
            raise damaged(self.path, f"the entry of {key} in auths is not made of text")
        user, password = text["username"], text["password"]
        if text["auth"]:
            try:
                pair = base64.b64decode(text["auth"], validate=True).decode("utf-8", "surrogateescape")
            except (binascii.Error, ValueError) as error:
                raise damaged(self.path, f"the auth of {key} is not base64") from error
            user, colon, password = pair.partition(":")
            if not colon:
                raise damaged(self.path, f"the auth of {key} is not NAME:PASSWORD")
            password = password.rstrip("\0")
        login = Login(user, password, text["identitytoken"], text["registrytoken"])
        return login if any((login.password, login.identity_token, login.registry_token)) else None

    def _write(self, members: dict[str, object]) -> None:
        """Atomic; behind a symbolic link the file that it names is replaced. What else docker keeps there stays."""
        if not self.path:
            raise UsageError("no-home", "no place for logins is known: HOME is not set", hint="set DOCKER_CONFIG")
        path = os.path.realpath(self.path)
        part = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with open(fd, "w", encoding="utf-8") as file:
                    json.dump(members, file, indent="\t")
                    file.write("\n")
                    file.flush()
                    os.fsync(fd)
                os.replace(part, path)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(part)
                raise
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror}"
            raise UsageError("docker-config-denied", message, hint="DOCKER_CONFIG names another folder") from error


def server_of(domain: str) -> str:
    """What docker's files and helpers call a registry."""
    return _HUB if domain == DEFAULT_DOMAIN else domain


def _of_registry(entries: dict[str, object], domain: str) -> dict[str, object]:
    """Those whose keys mean the registry; what docker itself writes comes first."""
    exact = server_of(domain)
    found = {key: value for key, value in entries.items() if _means(key, domain)}
    return {key: found[key] for key in sorted(found, key=lambda key: key != exact)}


def _without(entries: dict[str, object], domain: str) -> dict[str, object]:
    return {key: value for key, value in entries.items() if not _means(key, domain)}


def _means(key: str, domain: str) -> bool:
    host = _host(key)
    return host in _HUB_HOSTS if domain == DEFAULT_DOMAIN else host == domain.lower()


def _host(key: str) -> str:
    """Old entries are URLs: `https://registry.example/v1/`."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0].lower()


def _encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode("utf-8", "surrogateescape")).decode()
