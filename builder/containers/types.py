"""What a container is, as plain values: everything that was decided when it was made, and how it fares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from builder.errors import StoreError
from builder.model.config import DEFAULT_PATH, ImageConfig, RunConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Chain, Layer
from builder.sandbox.spec import DEFAULT_SHM_SIZE, Ulimit

DEFAULT_STOP_SIGNAL = "SIGTERM"
DEFAULT_STOP_SECONDS = 10


class MountPoint(NamedTuple):
    """Something that is not of the image."""

    kind: str
    """`bind`, `volume` or `tmpfs`."""
    destination: str
    source: str = ""
    """bind: absolute path on this machine; volume: its name."""
    readonly: bool = False
    copy: bool = True
    """volume: an empty one gets what the image has there."""
    anonymous: bool = False
    """volume: it has no name that anyone chose, and goes with the container."""
    size: int = 0
    mode: int | None = None
    noexec: bool = True
    """tmpfs."""


class Port(NamedTuple):
    container: int
    protocol: str = "tcp"
    host: int = 0
    address: str = "0.0.0.0"  # noqa: S104 - docker's default: every address of this machine

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    @property
    def place(self) -> str:
        """On the host, as addresses of services are written: `[::1]:8080`."""
        return f"[{self.address}]:{self.host}" if self.is_ipv6 else f"{self.address}:{self.host}"


class Limits(NamedTuple):
    """0 is no limit."""

    memory: int = 0
    cpus: float = 0.0
    pids: int = 0


class Log(NamedTuple):
    """How much of what it writes is kept: the newest of some files."""

    kept: bool = True
    size: int = 20 << 20
    """Of one file; 0 is no limit."""
    files: int = 5


class Resolver(NamedTuple):
    """What /etc/resolv.conf says instead of what this machine's says; empty: the same."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class Settings(NamedTuple):
    """What the image has no say in."""

    extra_hosts: tuple[tuple[str, str], ...] = ()
    resolver: Resolver = Resolver()
    limits: Limits = Limits()
    ulimits: tuple[Ulimit, ...] = ()
    shm_size: int = DEFAULT_SHM_SIZE
    groups: tuple[str, ...] = ()
    """More groups of the user, names or numbers."""
    privileged: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    capabilities: tuple[str, ...] | None = None
    """What follows of the two; None is docker's default set."""
    no_new_privileges: bool = False
    filtered: bool = True
    """System calls, by docker's filter."""
    readonly: bool = False
    tty: bool = False
    interactive: bool = False
    stdin_once: bool = False
    """Input ends with whoever gave it first."""
    init: bool = False
    remove: bool = False
    """When it ends, it goes."""
    runtime: str = "native"
    stop_seconds: int = DEFAULT_STOP_SECONDS
    log: Log = Log()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Settings:
        capabilities = value["capabilities"]
        return cls(**value)._replace(
            extra_hosts=_pairs(value["extra_hosts"]),
            resolver=Resolver(*map(tuple, value["resolver"])),
            limits=Limits(*value["limits"]),
            ulimits=tuple(Ulimit(*item) for item in value["ulimits"]),
            groups=tuple(value["groups"]),
            cap_add=tuple(value["cap_add"]),
            cap_drop=tuple(value["cap_drop"]),
            capabilities=None if capabilities is None else tuple(capabilities),
            log=Log(*value["log"]),
        )


class Container(NamedTuple):
    """As it was made; nothing of it ever changes. `config.json`."""

    id: str
    name: str
    created: str
    """RFC 3339."""
    image: str
    """As it was asked for."""
    image_id: Digest
    manifest: Descriptor
    layers: Chain
    snapshots: tuple[str, ...]
    """The folders in the store's `snapshots/` that lie below its own files, bottom first."""
    config: ImageConfig
    """The image's, with what was said of this container: environment, command, user and so on are final."""
    hostname: str
    network: str = "host"
    ports: tuple[Port, ...] = ()
    mounts: tuple[MountPoint, ...] = ()
    settings: Settings = Settings()

    @property
    def argv(self) -> tuple[str, ...]:
        """ENTRYPOINT, then CMD."""
        return (*(self.config.config.entrypoint or ()), *(self.config.config.cmd or ()))

    @property
    def run_config(self) -> RunConfig:
        return self.config.config

    @property
    def stop_signal(self) -> str:
        return self.config.config.stop_signal or DEFAULT_STOP_SIGNAL

    def environment(self) -> tuple[tuple[str, str], ...]:
        """What its first process sees, and what `exec` begins with."""
        given = dict(item.partition("=")[::2] for item in self.config.config.env)
        usual = {"PATH": DEFAULT_PATH, "HOSTNAME": self.hostname} | ({"TERM": "xterm"} if self.settings.tty else {})
        return tuple((usual | given).items())

    def to_json(self) -> dict[str, Any]:
        return self._asdict() | {
            "manifest": self.manifest.to_json(),
            "layers": [[layer.diff_id, layer.descriptor.to_json()] for layer in self.layers],
            "config": self.config.to_json(),
            "settings": self.settings._asdict(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Container:
        """What `to_json` gave, by way of JSON text."""
        return cls(**value)._replace(
            image_id=Digest.parse(value["image_id"]),
            manifest=Descriptor.from_json(value["manifest"]),
            layers=tuple(Layer(Digest.parse(diff), Descriptor.from_json(blob)) for diff, blob in value["layers"]),
            snapshots=tuple(value["snapshots"]),
            config=ImageConfig.from_json(value["config"]),
            ports=tuple(Port(*item) for item in value["ports"]),
            mounts=tuple(MountPoint(*item) for item in value["mounts"]),
            settings=Settings.from_json(value["settings"]),
        )


def _pairs(items: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in items)


class Damaged(NamedTuple):
    """What is left of a container whose record cannot be read, or whose folders are not all there."""

    id: str
    name: str
    """The beginning of the id where it is lost."""
    why: str

    def error(self) -> StoreError:
        hint = f"`pybuild rm {self.name}` removes it, with what it has written"
        return StoreError("bad-container", f"container {self.name} is damaged: {self.why}", hint=hint)


class State(NamedTuple):
    """How it fares. `state.json`, which its monitor writes."""

    status: str = "created"
    """`created`, `running`, `exited`, `dead` (removed meanwhile) or `damaged`."""
    pid: int = 0
    """Of its first process, as this machine counts."""
    monitor: int = 0
    started: str = ""
    finished: str = ""
    exit_code: int = 0
    error: str = ""
    """Why it could not be started, or what happened to it."""
    out_of_memory: bool = False
    paused: bool = False

    @property
    def running(self) -> bool:
        return self.status == "running"
