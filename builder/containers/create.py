"""A new container: the image found, what was asked for joined with what the image says, a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from builder.containers import network_kind
from builder.containers.names import check_name, invent_name
from builder.containers.records import PARTS, every_container, folder_of, write_container
from builder.containers.times import now
from builder.containers.tools import Tools
from builder.containers.types import Container, MountPoint, Port, Settings
from builder.errors import ImageError, StoreError, UsageError
from builder.images.find import find_image
from builder.images.resolve import PullPolicy
from builder.images.stored import Image, stored_image
from builder.images.unpack import ensure_chain
from builder.model.config import Healthcheck, ImageConfig, RunConfig
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.sandbox.emulation import check_emulated
from builder.store.hold import hold
from builder.store.locks import FileLock


class Asked(NamedTuple):
    """What the command line says of a container; nothing said is the image's matter."""

    image: str
    command: tuple[str, ...] = ()
    name: str = ""
    env: tuple[tuple[str, str | None], ...] = ()
    """None takes the variable away."""
    labels: tuple[tuple[str, str], ...] = ()
    workdir: str = ""
    user: str = ""
    entrypoint: str | None = None
    hostname: str = ""
    network: str = ""
    ports: tuple[Port, ...] = ()
    """A host's port of 0 is any that is free."""
    publish_all: bool = False
    expose: tuple[str, ...] = ()
    health: bool = True
    mounts: tuple[MountPoint, ...] = ()
    settings: Settings = Settings()
    stop_signal: str = ""
    pull: PullPolicy = PullPolicy.MISSING
    platform: str = ""


def new_identifier() -> str:
    return os.urandom(32).hex()


def create_container(asked: Asked, identifier: str, tools: Tools) -> Container:
    """Afterwards it is in the store, and does not run. Raises UsageError, ImageError, StoreError `name-in-use`."""
    store = tools.store
    name = check_name(asked.name) if asked.name else ""
    image = find_or_pull(asked, tools)
    hold(store.blobs, asked.image, image.descriptor)  # until the container holds it itself
    config = effective_config(image.config, asked)
    check_emulated(image.config.platform, tools.host)
    lowers = ensure_chain(store, tools.worker(), image.layers, tools.open_source, tools.fetching)
    ports = _ports(asked, config.config)
    kind = network_kind.choose(asked.network, ports)
    with FileLock(f"{store.folder('locks')}/containers"):
        container = Container(
            id=identifier,
            name=_free_name(name, tools),
            created=now(),
            image=asked.image,
            image_id=image.id,
            manifest=image.descriptor,
            layers=image.layers,
            snapshots=tuple(os.path.basename(os.path.dirname(path)) for path in lowers),
            config=config,
            hostname=asked.hostname or (os.uname().nodename if kind == "host" else identifier[:12]),
            network=kind,
            ports=ports,
            mounts=_mounts(asked, config.config),
            settings=asked.settings,
        )
        _make_folder(container, tools)
    return container


def find_or_pull(asked: Asked, tools: Tools) -> Image:
    """The image in the store under that name or id, or else, by policy, from its registry, as `pull` does."""
    store = tools.store
    platform = Platform.parse(asked.platform, tools.host) if asked.platform else tools.host
    if asked.pull is not PullPolicy.ALWAYS:
        try:
            return stored_image(store, find_image(store, asked.image).descriptor, asked.image, platform)
        except ImageError as error:
            if error.code not in ("image-not-found", "no-such-platform"):
                raise
    if asked.pull is PullPolicy.NEVER:
        hint = "leave out --pull never, or build or import the image first"
        raise ImageError("image-not-found", f"the store has no image {asked.image}", hint=hint)
    from builder.images.pull import PullOptions, pull_image  # with all that registries need

    options = PullOptions(platform, bool(asked.platform), tools.fetching)
    return pull_image(store, tools.open_source, Reference.parse(asked.image), options).image


def effective_config(image: ImageConfig, asked: Asked) -> ImageConfig:
    """docker's rules: a new entrypoint takes away the image's command; an empty one takes away the entrypoint."""
    config = image.config
    environment: dict[str, str | None] = dict(item.partition("=")[::2] for item in config.env)
    environment |= dict(asked.env)
    entrypoint, command = config.entrypoint, config.cmd
    if asked.entrypoint is not None:
        entrypoint, command = ((asked.entrypoint,) if asked.entrypoint else ()), None
    config = config._replace(
        env=tuple(f"{name}={value}" for name, value in environment.items() if value is not None),
        labels=tuple(sorted((dict(config.labels) | dict(asked.labels)).items())),
        entrypoint=entrypoint,
        cmd=asked.command or command,
        working_dir=_directory(config.working_dir, asked.workdir),
        user=asked.user or config.user,
        stop_signal=asked.stop_signal or config.stop_signal,
        exposed_ports=tuple(dict.fromkeys((*config.exposed_ports, *asked.expose))),
        healthcheck=config.healthcheck if asked.health else Healthcheck(("NONE",)),
    )
    if not (config.entrypoint or config.cmd):
        raise UsageError("no-command", f"the image {asked.image} has no command", hint="name one after the image")
    return image._replace(config=config)


def _directory(image: str, asked: str) -> str:
    if asked and not asked.startswith("/"):
        raise UsageError("bad-option", f"the working directory {asked!r} is not an absolute path")
    return asked or image or "/"


def _free_name(name: str, tools: Tools) -> str:
    """To be called while no other container can get a name."""
    taken: Mapping[str, str] = {one.name: one.id for one in every_container(tools.store)}
    if name in taken:
        raise StoreError(
            "name-in-use",
            f"the name {name} is that of container {taken[name][:12]}",
            hint=f"choose another one, or `pybuild rm {name}`",
        )
    return name or invent_name(taken)


def _mounts(asked: Asked, config: RunConfig) -> tuple[MountPoint, ...]:
    """What was asked for, then a volume without a name for each VOLUME of the image that it does not cover."""
    covered = {os.path.normpath(mount.destination) for mount in asked.mounts}
    volumes = sorted({os.path.normpath(path) for path in config.volumes} - covered)
    anonymous = [MountPoint("volume", path, anonymous=True) for path in volumes if path != "/"]
    return tuple(
        mount._replace(source=os.urandom(32).hex()) if mount.anonymous else mount
        for mount in (*asked.mounts, *anonymous)
    )


def _ports(asked: Asked, config: RunConfig) -> tuple[Port, ...]:
    from builder.containers.network.ports import with_numbers

    ports = list(asked.ports)
    if asked.publish_all:
        published = {(port.container, port.protocol) for port in ports}
        for text in config.exposed_ports:
            number, _, protocol = text.partition("/")
            if number.isdecimal() and (int(number), protocol or "tcp") not in published:
                ports.append(Port(int(number), protocol or "tcp"))
    return with_numbers(ports)


def _make_folder(container: Container, tools: Tools) -> None:
    """`base` stands below the image: the kernel's trees need directories to stand on, which are no change of it."""
    draft = tools.store.temporary.directory()
    for name, mode in PARTS.items():
        os.mkdir(f"{draft}/{name}", mode)
        os.chmod(f"{draft}/{name}", mode)
    for name in ("dev", "proc", "sys"):
        os.mkdir(f"{draft}/base/{name}", 0o755)
    write_container(draft, container)
    os.rename(draft, folder_of(tools.store, container.id))
