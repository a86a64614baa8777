"""Credential helpers: programs `docker-credential-NAME` that keep logins in a keychain or make them for a cloud (the
protocol of docker-credential-helpers: a word as argument, JSON or a server's name on standard input)."""

from __future__ import annotations

import json
import re
import subprocess

from builder.errors import UsageError
from builder.registry.logins.types import Login

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TIMEOUT_S = 120.0
"""A helper may have to ask its user."""
_TOKEN_USER = "<token>"  # noqa: S105 - how helpers say that the secret is an identity token
_MISSING = "credentials not found"
CODE = "login-helper"


class Helper:
    def __init__(self, name: str) -> None:
        """Raises UsageError `login-helper` for what is no name: it becomes part of a program's."""
        if not _NAME.fullmatch(name):
            raise UsageError(CODE, f"not the name of a credential helper: {name[:100]!r}")
        self.program = f"docker-credential-{name}"

    def get(self, server: str) -> Login | None:
        status, output = self._run("get", server.encode())
        if status != 0:
            if _MISSING in output.decode(errors="replace").lower():
                return None
            raise self._failed("get", output)
        try:
            value = json.loads(output)
            user, secret = value["Username"], value["Secret"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(CODE, f"{self.program} does not answer with a login") from error
        if not isinstance(user, str) or not isinstance(secret, str):
            raise UsageError(CODE, f"{self.program} does not answer with a login")
        if not secret:
            return None
        return Login(identity_token=secret) if user == _TOKEN_USER else Login(user, secret)

    def store(self, server: str, login: Login) -> None:
        user, secret = (_TOKEN_USER, login.identity_token) if login.identity_token else (login.user, login.password)
        data = json.dumps({"ServerURL": server, "Username": user, "Secret": secret}).encode()
        status, output = self._run("store", data)
        if status != 0:
            raise self._failed("store", output)

    def erase(self, server: str) -> None:
        """Afterwards the helper has no login for `server`; one that it did not have is no error."""
        status, output = self._run("erase", server.encode())
        if status != 0 and _MISSING not in output.decode(errors="replace").lower():
            raise self._failed("erase", output)

    def _run(self, action: str, data: bytes) -> tuple[int, bytes]:
        try:
            done = subprocess.run(
                [self.program, action], input=data, capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except FileNotFoundError as error:
            hint = "install it, or take it out of docker's config.json (credsStore, credHelpers)"
            raise UsageError(CODE, f"{self.program} is not installed", hint=hint) from error
        except OSError as error:
            raise UsageError(CODE, f"{self.program} cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise UsageError(CODE, f"{self.program} does not answer") from error
        return done.returncode, done.stdout

    def _failed(self, action: str, output: bytes) -> UsageError:
        """Its output may be quoted for what failed: helpers say why there, and print secrets on success only."""
        said = output.decode(errors="replace").strip().partition("\n")[0][:200]
        return UsageError(CODE, f"{self.program} {action} fails{': ' if said else ''}{said}")
