"""Answers to challenges: tokens (distribution's token authentication) and basic authentication.

A password goes to the registry itself or to its token server, over https or on this machine. Which token server is the
registry's, only the registry says; so one of another owner than the registry's host is not believed when there is a
password to lose, unless the configuration names it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from builder.errors import RegistryError, UsageError
from builder.http.connections import ORDINARY
from builder.http.places import host_of, is_loopback, place_of
from builder.registry.challenges import Challenge, parse_challenges
from builder.registry.hosts import Endpoint
from builder.registry.logins.types import Login
from builder.registry.refusals import refusal
from builder.registry.transport import Answer, Request, Transport

_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_CLIENT = "pybuild"
_SHORTEST_LIFE_S = 60.0
"""What a token lives when its server does not say (distribution, Token Authentication Specification)."""

Scopes = tuple[str, ...]


class _Token(NamedTuple):
    text: str
    ends: float
    asked: tuple[Challenge, Endpoint] | None = None
    """What it answered: another one is had in the same way, before a request fails for want of it."""


class Owner(NamedTuple):
    """The registry that the challenges come from."""

    domain: str
    token_servers: tuple[str, ...] = ()
    """Hosts that the user has named as its token servers."""


class Authorizer:
    """Answers one registry's challenges and remembers the tokens by scope. Safe to share between threads."""

    def __init__(self, owner: Owner, transport: Transport, login: Callable[[], Login | None]) -> None:
        """`login` is asked when the registry asks for the first time."""
        self._owner = owner
        self._transport = transport
        self._find_login = login
        self._login: Login | None = None
        self._asked = False
        self._trouble = ""
        self._basic = ""
        self._tokens: dict[Scopes, _Token] = {}
        self._lock = threading.Lock()
        self._answering = threading.Lock()

    def headers(self, scopes: Scopes) -> dict[str, str]:
        """What a request for `scopes` carries; nothing before the registry asked for anything. A token that has ended
        is replaced first: the request may carry gigabytes, which are sent before its refusal is read."""
        with self._lock:
            token = self._tokens.get(scopes)
        if token and token.asked and token.ends <= time.monotonic():
            with self._answering:
                if not self._kept(scopes):
                    self._renew(scopes, *token.asked)
        return self._kept(scopes)

    @property
    def user(self) -> str:
        """Whose login the registry has been shown; empty for nobody's."""
        login = self._login
        return (login.user or "the login that is kept") if login else ""

    def answer(self, header: str, scopes: Scopes, endpoint: Endpoint, refused: Mapping[str, str]) -> None:
        """Takes the challenge of a 401 from the registry up; afterwards `headers(scopes)` satisfies it, or has nothing
        better to give. `refused` is what the request carried: threads that are refused together ask once. Raises
        RegistryError `unauthorized` when that needs a login that we lack or that is refused."""
        with self._answering:
            if self._kept(scopes) in ({}, refused):
                self._take_up(header, scopes, endpoint)

    def _kept(self, scopes: Scopes) -> dict[str, str]:
        with self._lock:
            if self._basic:
                return {"Authorization": self._basic}
            token = self._tokens.get(scopes)
        return {"Authorization": f"Bearer {token.text}"} if token and token.ends > time.monotonic() else {}

    def _renew(self, scopes: Scopes, challenge: Challenge, endpoint: Endpoint) -> None:
        """Where that fails the request goes without, and the registry says what it wants now."""
        with suppress(RegistryError):
            token = self._token(challenge, scopes, endpoint, self._known_login())
            with self._lock:
                self._tokens[scopes] = token

    def _take_up(self, header: str, scopes: Scopes, endpoint: Endpoint) -> None:
        challenges = parse_challenges(header)
        login = self._known_login()
        bearer = next((item for item in challenges if item.scheme == "bearer" and item.get("realm")), None)
        if bearer:
            token = _Token(login.registry_token, float("inf")) if login and login.registry_token else None
            token = token or self._token(bearer, scopes, endpoint, login)
            with self._lock:
                self._tokens[scopes] = token
        elif any(item.scheme == "basic" for item in challenges) and login and login.user:
            with self._lock:
                self._basic = _basic(login)
        else:
            raise self._refusal(login)

    def _known_login(self) -> Login | None:
        """A helper that fails is remembered, not raised: most of what is pulled needs no login."""
        with self._lock:
            if not self._asked:
                try:
                    self._login = self._find_login()
                except UsageError as error:
                    self._trouble = error.message
                self._asked = True
            return self._login

    def _token(self, challenge: Challenge, scopes: Scopes, endpoint: Endpoint, login: Login | None) -> _Token:
        realm = challenge.get("realm")
        self._check_realm(realm, endpoint.url, login)
        security = endpoint.security if host_of(realm) == host_of(endpoint.url) else ORDINARY
        wanted = (*scopes, *_also_wanted(scopes, challenge.get("scope")))
        query = [("service", challenge.get("service")), *(("scope", scope) for scope in wanted)]
        asked = [(key, value) for key, value in query if value]
        answer = self._transport.fetch(_token_request(realm, asked, login)._replace(security=security))
        if answer.status in (400, 401, 403):
            raise self._refusal(login)
        if answer.status == 429 or answer.status >= 500:
            raise refusal(host_of(realm), answer, f"token for {self._owner.domain}")
        if answer.status != 200:
            raise RegistryError("bad-answer", f"{host_of(realm)} gives no token: status {answer.status}")
        return _token_in(answer, realm)._replace(asked=(challenge, endpoint))

    def _check_realm(self, realm: str, url: str, login: Login | None) -> None:
        """A token comes over https, or from this machine for a registry on this machine, or from where the registry
        itself is. With a login, also from the registry's owner."""
        try:
            scheme, host, _ = place_of(realm)
        except ValueError as error:
            message = f"{self._owner.domain} sends us to what is no address for a token"
            raise RegistryError("bad-answer", message) from error
        registry = urlsplit(url).hostname or ""
        here = is_loopback(host) and is_loopback(registry)
        in_clear = urlsplit(url).scheme == "http" and (here or host_of(realm) == host_of(url))
        if scheme != "https" and not in_clear:
            message = f"{self._owner.domain} sends us to {scheme}://{host_of(realm)} for a token"
            raise RegistryError("bad-answer", message)
        trusted = {host, host_of(realm)} & set(self._owner.token_servers)
        if login is not None and not (here or trusted or _same_owner(host, registry)):
            raise RegistryError(
                "foreign-token-server",
                f"{self._owner.domain} wants its login to be sent to {host}, which is somebody else's",
                hint="if that is right, say so in the configuration file: "
                f'[registries.token-servers] "{self._owner.domain}" = ["{host}"]',
            )

    def _refusal(self, login: Login | None) -> RegistryError:
        domain = self._owner.domain
        if login is not None:
            who = f"the login of {login.user}" if login.user else "the login that is kept"
            message = f"{domain} does not accept {who} for this"
            return RegistryError("unauthorized", message, hint=f"log in again: pybuild login {domain}")
        if self._trouble:
            return RegistryError("unauthorized", f"{domain} wants a login, and none can be read", hint=self._trouble)
        hint = f"check the name for typing errors, or log in: pybuild login {domain}"
        return RegistryError("unauthorized", f"{domain} wants a login", hint=hint)


def _token_request(realm: str, asked: list[tuple[str, str]], login: Login | None) -> Request:
    """An identity token is exchanged by POST (OAuth 2.0), a password stands in a GET's header."""
    if login is not None and login.identity_token:
        scope = " ".join(value for key, value in asked if key == "scope")
        service = dict(asked).get("service", "")
        form = {"grant_type": "refresh_token", "client_id": _CLIENT, "service": service, "scope": scope}
        data = urlencode({**form, "refresh_token": login.identity_token}).encode()
        return Request("POST", realm, {"Content-Type": "application/x-www-form-urlencoded"}, data)
    if login is not None:
        asked = [("account", login.user), ("client_id", _CLIENT), *asked]
    separator = "&" if urlsplit(realm).query else "?"
    headers = {"Authorization": _basic(login)} if login is not None else {}
    return Request("GET", f"{realm}{separator}{urlencode(asked)}", headers)


def _also_wanted(scopes: Scopes, asked: str) -> list[str]:
    """Of what a challenge asks for, actions on what the request is about that we did not think of. Its other scopes
    are left alone: GHCR asks for a repository `user/image` that nobody has, where the request names none."""
    ours = {_named(scope): _actions(scope) for scope in scopes}
    return [scope for scope in asked.split() if _named(scope) in ours and _actions(scope) - ours[_named(scope)]]


def _named(scope: str) -> str:
    return scope.rpartition(":")[0]


def _actions(scope: str) -> set[str]:
    return set(scope.rpartition(":")[2].split(","))


def _basic(login: Login) -> str:
    pair = f"{login.user}:{login.password}".encode("utf-8", "surrogateescape")
    return f"Basic {base64.b64encode(pair).decode()}"


def _same_owner(host: str, other: str) -> bool:
    """Whether two hosts are probably one owner's: the same, or below the same name that one registers. Where such
    names have three parts (`example.co.uk`) three have to be the same."""
    if host == other:
        return True
    if is_loopback(host) or host.replace(".", "").isdecimal() or ":" in host:
        return False
    labels = host.lower().split(".")
    others = other.lower().split(".")
    count = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return len(labels) >= count and len(others) >= count and labels[-count:] == others[-count:]


def _token_in(answer: Answer, realm: str) -> _Token:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    members = value if isinstance(value, dict) else {}
    token = members.get("token") or members.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RegistryError("bad-answer", f"{host_of(realm)} answers without a token")
    life = members.get("expires_in")
    known = isinstance(life, (int, float)) and not isinstance(life, bool) and 0 < life < 1e9
    seconds = max(float(life), 2.0) if known and life is not None else _SHORTEST_LIFE_S
    return _Token(token, time.monotonic() + seconds * 0.9)
