"""Challenges and tokens (distribution's token authentication; RFC 9110, section 11.6.1 for the syntax)."""

from __future__ import annotations

import json
import re
import threading
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from builder.errors import RegistryError
from builder.registry.hosts import is_loopback
from builder.registry.transport import Request, Transport, host_of

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)(?:\s+|$)(?=[A-Za-z]+\s*=|$)")
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*')
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")


class Challenge(NamedTuple):
    scheme: str
    """In lower case."""
    parameters: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return dict(self.parameters).get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header; what can't be read ends the list."""
    challenges: list[Challenge] = []
    position = 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters = []
        while parameter := _PARAMETER.match(header, position):
            quoted, plain = parameter[2], parameter[3]
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            parameters.append((parameter[1].lower(), value))
            position = parameter.end()
        challenges.append(Challenge(scheme[1].lower(), tuple(parameters)))
        position += len(header[position:]) - len(header[position:].lstrip(", "))
    return tuple(challenges)


class Authorizer:
    """Answers one registry's challenges and remembers the tokens by scope. Safe to share between threads."""

    def __init__(self, domain: str, transport: Transport) -> None:
        self._domain = domain
        self._transport = transport
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def headers(self, scope: str) -> dict[str, str]:
        """What a request for `scope` carries; nothing before the registry asked for anything."""
        with self._lock:
            token = self._tokens.get(scope)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def answer(self, header: str, scope: str) -> None:
        """Takes the challenge of a 401 up; afterwards `headers(scope)` satisfies it. Raises RegistryError
        `unauthorized` when that needs credentials."""
        bearer = next((item for item in parse_challenges(header) if item.scheme == "bearer"), None)
        if bearer is None or not bearer.get("realm"):
            raise self._refusal()
        token = self._token(bearer, bearer.get("scope") or scope)
        with self._lock:
            self._tokens[scope] = token

    def _token(self, challenge: Challenge, scope: str) -> str:
        realm = challenge.get("realm")
        self._check_realm(realm)
        query = {"service": challenge.get("service"), "scope": scope}
        separator = "&" if urlsplit(realm).query else "?"
        asked = urlencode({key: value for key, value in query.items() if value})
        answer = self._transport.fetch(Request("GET", f"{realm}{separator}{asked}"))
        if answer.status in (401, 403):
            raise self._refusal()
        if answer.status != 200:
            raise RegistryError("bad-answer", f"{host_of(realm)} gives no token: status {answer.status}")
        return _token_in(answer.body, realm)

    def _check_realm(self, realm: str) -> None:
        """A token comes over https, or from this machine for a registry on this machine."""
        url = urlsplit(realm)
        here = is_loopback(url.hostname or "") and is_loopback(urlsplit(f"//{self._domain}").hostname or "")
        if url.scheme != "https" and not (url.scheme == "http" and here):
            raise RegistryError("bad-answer", f"{self._domain} sends us to {url.scheme}://{host_of(realm)} for a token")

    def _refusal(self) -> RegistryError:
        return RegistryError(
            "unauthorized",
            f"{self._domain} wants a login",
            hint="only public images can be pulled: check the name for typing errors",
        )


def _token_in(body: bytes, realm: str) -> str:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    token = (value.get("token") or value.get("access_token")) if isinstance(value, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RegistryError("bad-answer", f"{host_of(realm)} answers without a token")
    return token
