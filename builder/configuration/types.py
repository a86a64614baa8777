"""What a configuration file can say."""

from __future__ import annotations

from collections.abc import Mapping

from builder.lean import NamedTuple


class Registries(NamedTuple):
    insecure: tuple[str, ...] = ()
    """`HOST[:PORT]` of registries that may be spoken to by plain http."""
    mirrors: Mapping[str, tuple[str, ...]] = {}
    """By domain, addresses of registries to ask before it, in order."""
    token_servers: Mapping[str, tuple[str, ...]] = {}
    """By domain, hosts that may be sent its login though they look like somebody else's."""


class Storage(NamedTuple):
    keep_storage: int | None = None
    """Bytes of unused data that stay after a build; None: no limit."""
    keep_age: float | None = None
    """Seconds for which unused data stays; None: no limit."""


class Devices(NamedTuple):
    specifications: tuple[str, ...] = ("/etc/cdi", "/var/run/cdi")
    """Folders with descriptions of the machine's devices for containers (CDI); a later one has the last word."""


class Containers(NamedTuple):
    """What `run` and `create` do where no option says otherwise; None: what the option's default is."""

    log_driver: str | None = None
    log_size: int | None = None
    """Bytes of one file; 0: no limit."""
    log_files: int | None = None


class Configuration(NamedTuple):
    registries: Registries = Registries()
    storage: Storage = Storage()
    devices: Devices = Devices()
    containers: Containers = Containers()
