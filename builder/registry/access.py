"""From a registry's name to its client, with the settings, certificates and logins that concern it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

from builder.configuration.docker import docker_file
from builder.configuration.types import Registries
from builder.errors import RegistryError, UsageError
from builder.http.places import place_of
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.auth import Authorizer, Owner
from builder.registry.certificates import certificate_folders, security_for
from builder.registry.client import Client, FetchedManifest
from builder.registry.hosts import Endpoint, check_insecure, endpoints, host_of_domain
from builder.registry.logins.kept import Logins
from builder.registry.logins.types import Login
from builder.registry.session import Session
from builder.registry.transport import Transport

_T = TypeVar("_T")


class Puller(Protocol):
    """What pulling asks of a registry, or of its mirrors and then of it."""

    domain: str

    def manifest(self, repository: str, reference: str) -> FetchedManifest: ...

    def manifest_digest(self, repository: str, reference: str) -> Digest | None: ...

    def blob(self, repository: str, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]: ...
    def tail(self, repository: str, descriptor: Descriptor, start: int) -> bytes: ...


class Access:
    """All registries, for one command. Safe to share between threads; nothing is connected before it is needed."""

    def __init__(
        self, settings: Registries, environment: Mapping[str, str] | None = None, transport: Transport | None = None
    ) -> None:
        """Raises UsageError `bad-registry` for what `settings` list as insecure and is no host."""
        environment = os.environ if environment is None else environment
        for item in settings.insecure:
            check_insecure(item)
        self._settings = settings
        self.transport = transport or Transport()
        self.logins = Logins(docker_file(environment))
        self._folders = certificate_folders(environment)
        self._clients: dict[str, Client] = {}
        self._mirrored: dict[str, Mirrored] = {}
        self._mutex = threading.Lock()

    def client(self, domain: str) -> Client:
        """The registry itself: for pushing, and for what only it can say."""
        return self._known(domain, lambda: self._new(domain, self._endpoints(domain)))

    def puller(self, domain: str) -> Puller:
        """Its mirrors, in the order of the configuration, and the registry itself last."""
        mirrors = self._settings.mirrors.get(domain, ())
        if not mirrors:
            return self.client(domain)
        with self._mutex:
            known = self._mirrored.get(domain)
        if known is None:
            known = Mirrored(domain, (*(self._mirror(address) for address in mirrors), self.client(domain)))
            self._mirrored[domain] = known
        return known

    def with_login(self, domain: str, login: Login) -> Client:
        """The registry as one who has `login` sees it, whatever is kept."""
        return self._new(domain, self._endpoints(domain), login=login)

    def log_in(self, domain: str, user: str, password: str) -> str:
        """Asks the registry whether it takes this login, and keeps it; see `Logins.keep` for what is returned. Raises
        RegistryError `unauthorized`."""
        login = Login(user, password)
        try:
            self.with_login(domain, login).check()
        except RegistryError as error:
            if error.code != "unauthorized":
                raise
            hint = "many registries want a token in the password's place"
            raise RegistryError("unauthorized", f"{domain} refuses this name and password", hint=hint) from error
        return self.logins.keep(domain, login)

    def log_out(self, domain: str) -> bool:
        """False where there was no login."""
        return self.logins.forget(domain)

    def close(self) -> None:
        self.transport.close()

    def _known(self, key: str, make: Callable[[], Client]) -> Client:
        with self._mutex:
            if key not in self._clients:
                self._clients[key] = make()
            return self._clients[key]

    def _endpoints(self, domain: str) -> tuple[Endpoint, ...]:
        security = security_for(host_of_domain(domain), self._folders)
        return endpoints(domain, self._settings.insecure, security)

    def _mirror(self, address: str) -> Client:
        """`https://HOST[:PORT][/PATH]`; the path comes before every repository."""
        try:
            scheme, _, rest = address.rpartition("://")
            host, _, path = rest.strip("/").partition("/")
            place_of(f"{scheme or 'https'}://{host}")
        except ValueError as error:
            raise _bad_mirror(address, "it is no address of a web server") from error
        served = [point for point in self._endpoints(host) if not scheme or point.url.startswith(f"{scheme}://")]
        if not served:
            raise _bad_mirror(address, "plain http is for this machine and for the hosts that `insecure` lists")
        prefix = f"{path}/" if path else ""
        return self._known(address, lambda: self._new(host, tuple(served), prefix))

    def _new(self, domain: str, served: tuple[Endpoint, ...], prefix: str = "", login: Login | None = None) -> Client:
        owner = Owner(domain, self._settings.token_servers.get(domain, ()))
        authorizer = Authorizer(owner, self.transport, lambda: login or self.logins.find(domain))
        return Client(domain, Session(domain, served, self.transport, authorizer), prefix)


class Mirrored:
    """Asks each in turn; the last one's error counts, as it is the registry itself. A mirror that does not answer is
    not asked again."""

    def __init__(self, domain: str, clients: tuple[Client, ...]) -> None:
        self.domain = domain
        self._mirrors = list(clients[:-1])
        self._registry = clients[-1]

    def manifest(self, repository: str, reference: str) -> FetchedManifest:
        return self._first(lambda client: client.manifest(repository, reference))

    def manifest_digest(self, repository: str, reference: str) -> Digest | None:
        return self._first(lambda client: client.manifest_digest(repository, reference))

    def blob(self, repository: str, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        """What one has sent is not asked of the next again; its digest is the receiver's to check."""
        for client in list(self._mirrors):
            try:
                for chunk in client.blob(repository, descriptor, start):
                    yield chunk
                    start += len(chunk)
                return
            except RegistryError as error:
                self._failed(client, error)
        yield from self._registry.blob(repository, descriptor, start)

    def tail(self, repository: str, descriptor: Descriptor, start: int) -> bytes:
        return self._first(lambda client: client.tail(repository, descriptor, start))

    def _first(self, ask: Callable[[Client], _T]) -> _T:
        for client in list(self._mirrors):
            try:
                return ask(client)
            except RegistryError as error:
                self._failed(client, error)
        return ask(self._registry)

    def _failed(self, client: Client, error: RegistryError) -> None:
        if error.code not in ("not-found", "no-ranges"):
            with suppress(ValueError):  # another thread was quicker
                self._mirrors.remove(client)


def anonymous_access() -> Access:
    """Without settings and logins, for programs that shall not depend on whose they are."""
    return Access(Registries(), {})


def _bad_mirror(address: str, why: str) -> UsageError:
    return UsageError(
        "bad-configuration", f"mirror {address[:200]}: {why}", hint='write it like "https://mirror.local"'
    )
