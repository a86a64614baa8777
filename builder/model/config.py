"""The image configuration (OCI image-spec, config.md, with docker's additions that BuildKit writes too), and an image
that has been looked up."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import ImageError
from builder.lean import NamedTuple
from builder.model.digest import Digest
from builder.model.layer import Chain
from builder.model.platform import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Healthcheck(NamedTuple):
    """Durations in nanoseconds; 0 means the runtime's default.

    `test` is `("NONE",)`, `("CMD", …)` or `("CMD-SHELL", …)`.
    """

    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class RunConfig(NamedTuple):
    """How a container of the image is run. `None` is absent, an empty tuple is an empty list: they differ."""

    user: str = ""
    exposed_ports: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    """`NAME=value`, in order."""
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    volumes: tuple[str, ...] = ()
    working_dir: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    """Sorted by key."""
    stop_signal: str = ""
    shell: tuple[str, ...] | None = None
    healthcheck: Healthcheck | None = None
    args_escaped: bool = False
    on_build: tuple[str, ...] = ()
    extra: tuple[tuple[str, object], ...] = ()
    """Members that we do not know, kept as they came from the base (sorted by key)."""


class History(NamedTuple):
    created_by: str
    empty_layer: bool = False
    created: str = ""
    """RFC 3339 in UTC, empty when unknown."""
    comment: str = ""
    author: str = ""


class ImageConfig(NamedTuple):
    platform: Platform
    config: RunConfig = RunConfig()
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[History, ...] = ()
    created: str = ""
    author: str = ""
    extra: tuple[tuple[str, object], ...] = ()

    def to_json(self) -> dict[str, object]:
        """The object that is written as the config blob; absent and empty members are left out as BuildKit does."""
        value: dict[str, object] = dict(self.extra)
        value |= self.platform.to_json()
        value |= _without_empty({"author": self.author, "created": self.created})
        value["config"] = _run_config_to_json(self.config)
        value["history"] = [_history_to_json(entry) for entry in self.history]
        value["rootfs"] = {"type": "layers", "diff_ids": [str(diff_id) for diff_id in self.diff_ids]}
        return value

    @classmethod
    def from_json(cls, value: object) -> ImageConfig:
        """Reads an untrusted config; raises ImageError `bad-config` where a member has another type than the spec's."""
        top = _object(value, "config")
        rootfs = _object(top.get("rootfs") or {}, "rootfs")
        known = {"architecture", "os", "os.version", "variant", "config", "history", "rootfs", "created", "author"}
        return cls(
            platform=Platform.from_json(top),
            config=_run_config_from_json(_object(top.get("config") or {}, "config")),
            diff_ids=tuple(Digest.parse(item) for item in _items(rootfs, "diff_ids")),
            history=tuple(_history_from_json(_object(item, "history")) for item in _items(top, "history")),
            created=_text(top, "created"),
            author=_text(top, "author"),
            extra=tuple(sorted((key, item) for key, item in top.items() if key not in known)),
        )


_RUN_MEMBERS = {
    "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Shell",
    "Healthcheck", "ArgsEscaped", "OnBuild",
}  # fmt: skip
_HEALTH = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start_period",
    "StartInterval": "start_interval",
    "Retries": "retries",
}


class ResolvedImage(NamedTuple):
    name: str
    """As the Buildfile or command line wrote it."""
    digest: Digest
    """Of the platform's manifest."""
    config: ImageConfig
    layers: Chain
    origin: str
    """Where its blobs are: `store`, `oci-layout:PATH`, or `registry:REPOSITORY`."""


def _run_config_to_json(config: RunConfig) -> dict[str, object]:
    value: dict[str, object] = dict(config.extra)
    value |= _without_empty(
        {
            "User": config.user,
            "ExposedPorts": {port: {} for port in config.exposed_ports},
            "Env": list(config.env),
            "Volumes": {path: {} for path in config.volumes},
            "WorkingDir": config.working_dir,
            "Labels": dict(config.labels),
            "StopSignal": config.stop_signal,
            "ArgsEscaped": config.args_escaped,
            "OnBuild": list(config.on_build),
        }
    )
    lists = {"Entrypoint": config.entrypoint, "Cmd": config.cmd, "Shell": config.shell}
    value |= {key: list(items) for key, items in lists.items() if items is not None}
    if config.healthcheck:
        numbers = {key: getattr(config.healthcheck, field) for key, field in _HEALTH.items()}
        value["Healthcheck"] = _without_empty({"Test": list(config.healthcheck.test), **numbers})
    return value


def _run_config_from_json(value: Mapping[str, object]) -> RunConfig:
    health = _object(value.get("Healthcheck") or {}, "Healthcheck")
    return RunConfig(
        user=_text(value, "User"),
        exposed_ports=tuple(_object(value.get("ExposedPorts") or {}, "ExposedPorts")),
        env=_strings(value, "Env") or (),
        entrypoint=_strings(value, "Entrypoint"),
        cmd=_strings(value, "Cmd"),
        volumes=tuple(_object(value.get("Volumes") or {}, "Volumes")),
        working_dir=_text(value, "WorkingDir"),
        labels=tuple(sorted((k, str(v)) for k, v in _object(value.get("Labels") or {}, "Labels").items())),
        stop_signal=_text(value, "StopSignal"),
        shell=_strings(value, "Shell"),
        healthcheck=_healthcheck_from_json(health) if health else None,
        args_escaped=value.get("ArgsEscaped") is True,
        on_build=_strings(value, "OnBuild") or (),
        extra=tuple(sorted((key, item) for key, item in value.items() if key not in _RUN_MEMBERS)),
    )


def _healthcheck_from_json(value: Mapping[str, object]) -> Healthcheck:
    numbers = {}
    for key, field in _HEALTH.items():
        number = value.get(key) or 0
        if not isinstance(number, int):
            raise ImageError("bad-config", f"the image's Healthcheck {key} is not a whole number")
        numbers[field] = number
    return Healthcheck(_strings(value, "Test") or (), **numbers)


def _history_to_json(entry: History) -> dict[str, object]:
    return _without_empty(entry._asdict())


def _history_from_json(value: Mapping[str, object]) -> History:
    text = {key: _text(value, key) for key in ("created_by", "created", "comment", "author")}
    return History(empty_layer=value.get("empty_layer") is True, **text)


def _without_empty(value: Mapping[str, object]) -> dict[str, object]:
    return {key: item for key, item in value.items() if item}


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ImageError("bad-config", f"the image's {name} is not an object")
    return value


def _items(value: Mapping[str, object], key: str) -> list[object]:
    items = value.get(key)
    if items is None:
        return []
    if not isinstance(items, list):
        raise ImageError("bad-config", f"the image's {key} is not a list")
    return items


def _text(value: Mapping[str, object], key: str) -> str:
    text = value.get(key)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise ImageError("bad-config", f"the image's {key} is not a string")
    return _checked(text, key)


def _strings(value: Mapping[str, object], key: str) -> tuple[str, ...] | None:
    if value.get(key) is None:
        return None
    items = _items(value, key)
    if not all(isinstance(item, str) for item in items):
        raise ImageError("bad-config", f"the image's {key} holds something else than strings")
    return tuple(_checked(str(item), key) for item in items)


def _checked(text: str, key: str) -> str:
    """JSON can spell halves of surrogate pairs, which are no text; those of os.fsdecode are bytes."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ImageError("bad-config", f"the image's {key} is not Unicode") from error
    return text
