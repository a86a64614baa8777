"""One configuration out of three: an image's, that of the base it was built on, and that of the base it is put on.

What the image has as its old base had it was inherited, and becomes the new base's. What it has otherwise is its own
and stays. This goes member by member; variables, labels, ports and volumes are judged each for itself. A variable that
extends the old base's value (`PATH=/app/bin:$PATH`) extends the new base's. The user, the command and the rest have one
value each. `ONBUILD` is never inherited, so the image's own stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from builder.model.config import ImageConfig, RunConfig

_T = TypeVar("_T")


def merged_config(own: ImageConfig, old: ImageConfig, new: ImageConfig) -> ImageConfig:
    """`own` as if it had been built on `new` instead of `old`; layers and history are the caller's."""
    run = _merged(own.config, old.config, new.config)
    author = new.author if own.author == old.author else own.author
    extra = _by_key(dict(own.extra), dict(old.extra), dict(new.extra))
    return own._replace(config=run, author=author, extra=tuple(sorted(extra.items())))


def _merged(own: RunConfig, old: RunConfig, new: RunConfig) -> RunConfig:
    single = ("user", "entrypoint", "cmd", "working_dir", "stop_signal", "shell", "healthcheck", "args_escaped")
    values = {name: getattr(new if getattr(own, name) == getattr(old, name) else own, name) for name in single}
    labels = _by_key(dict(own.labels), dict(old.labels), dict(new.labels))
    extra = _by_key(dict(own.extra), dict(old.extra), dict(new.extra))
    return own._replace(
        env=_environment(own.env, old.env, new.env),
        labels=tuple(sorted(labels.items())),
        exposed_ports=tuple(_by_key(*(_set(config.exposed_ports) for config in (own, old, new)))),
        volumes=tuple(_by_key(*(_set(config.volumes) for config in (own, old, new)))),
        extra=tuple(sorted(extra.items())),
        **values,
    )


def _by_key(own: Mapping[str, _T], old: Mapping[str, _T], new: Mapping[str, _T]) -> dict[str, _T]:
    """The new base's members first, without those that the image took away."""
    keys = [key for key in dict.fromkeys([*new, *own]) if not (key in old and key not in own)]
    inherited = {key for key in keys if key in own and key in old and own[key] == old[key]}
    return {
        key: own[key] if key in own and key not in inherited else new[key]
        for key in keys
        if key in new or key not in inherited
    }


def _environment(own: Iterable[str], old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    before, after = _variables(old), _variables(new)
    extended = {}
    for name, value in _variables(own).items():
        base = before.get(name, "")
        extended[name] = _extending(value, base, after[name]) if base and name in after else value
    return tuple(f"{name}={value}" for name, value in _by_key(extended, before, after).items())


def _extending(value: str, before: str, after: str) -> str:
    """`value` with the old base's part in it, between colons or alone, as the new base has it."""
    head, found, tail = value.partition(before)
    whole = found and head[-1:] in ("", ":") and tail[:1] in ("", ":")
    return f"{head}{after}{tail}" if whole and value != before else value


def _variables(env: Iterable[str]) -> dict[str, str]:
    return dict(text.partition("=")[::2] for text in env)


def _set(items: Iterable[str]) -> dict[str, object]:
    return dict.fromkeys(items)
