"""An image's configuration as it was earlier in its history.

No image says what its configuration was in between, so it is told from the lines of its history: what instructions
after that moment set goes back to what instructions until then said, or is absent; everything else stays. The lines
are BuildKit's, and those that docker's older builder and buildah write (`/bin/sh -c #(nop)  CMD ["sh"]`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from builder.model.config import Healthcheck, History, ImageConfig

_OLD_PREFIX = re.compile(r"^/bin/sh -c #\(nop\)\s*")
_PAIR = re.compile(r"(?:^| )([^\s=\"']+)=")
_PORT = re.compile(r"\d+(?:-\d+)?(?:/(?:tcp|udp|sctp))?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_HEALTH = re.compile(
    r"\{Test:\[(?P<test>.*?)\] Interval:(?P<interval>\S+) Timeout:(?P<timeout>\S+) StartPeriod:(?P<start_period>\S+) "
    r"(?:StartInterval:(?P<start_interval>\S+) )?Retries:(?P<retries>\d+)\}"
)
_DURATION = re.compile(r"([0-9.]+)(h|ms|us|µs|ns|m|s)")
_NANOSECONDS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "µs": 10**3, "ns": 1}
_UNSET: dict[str, Any] = {
    "user": "", "working_dir": "", "stop_signal": "", "cmd": None, "entrypoint": None, "shell": None,
    "healthcheck": None,
}  # fmt: skip


def rewound(config: ImageConfig, kept: int) -> ImageConfig:
    """As it was after the first `kept` entries of the history; layers and history itself are the caller's."""
    before, undone = _Said(config.history[:kept]), _Said(config.history[kept:])
    run = config.config
    single = {key: before.single.get(key, value) for key, value in _UNSET.items() if key in undone.single}
    run = run._replace(
        env=tuple(_pairs(run.env, before.env, undone.env)),
        labels=tuple(
            (key, before.labels.get(key, value)) for key, value in run.labels if before.keeps_label(key, undone)
        ),
        exposed_ports=tuple(port for port in run.exposed_ports if port in before.ports or port not in undone.ports),
        volumes=tuple(path for path in run.volumes if path in before.volumes or path not in undone.volumes),
        on_build=run.on_build[: len(run.on_build) - undone.triggers] if undone.triggers else run.on_build,
        **single,
    )
    author = before.author or "" if undone.author is not None else config.author
    return config._replace(config=run, author=author)


class _Said:
    """What the lines of a history set, the last one winning."""

    def __init__(self, history: Iterable[History]) -> None:
        self.env: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.ports: set[str] = set()
        self.volumes: set[str] = set()
        self.single: dict[str, Any] = {}
        self.triggers = 0
        self.author: str | None = None
        for entry in history:
            line = _OLD_PREFIX.sub("", entry.created_by).removesuffix(" # buildkit")
            name, _, rest = line.partition(" ")
            self._take(name.upper(), rest.strip())

    def keeps_label(self, key: str, undone: _Said) -> bool:
        return key in self.labels or key not in undone.labels

    def _take(self, name: str, rest: str) -> None:
        match name:
            case "ENV":
                self.env |= _assignments(rest)
            case "LABEL":
                self.labels |= _assignments(rest)
            case "EXPOSE":
                ports = _PORT.findall(rest)
                self.ports.update(port if "/" in port else f"{port}/tcp" for port in ports)
            case "VOLUME":
                self.volumes.update(_words(rest))
            case "CMD":
                self.single["cmd"] = _words(rest)
            case "ENTRYPOINT":
                self.single["entrypoint"] = _words(rest)
                self.single["cmd"] = None  # that of the base means nothing to another program
            case "SHELL":
                self.single["shell"] = _words(rest)
            case "USER" | "WORKDIR" | "STOPSIGNAL":
                member = {"USER": "user", "WORKDIR": "working_dir", "STOPSIGNAL": "stop_signal"}[name]
                self.single[member] = rest
            case "HEALTHCHECK":
                self.single["healthcheck"] = _healthcheck(rest)
            case "ONBUILD":
                self.triggers += 1
            case "MAINTAINER":
                self.author = rest


def _pairs(env: Sequence[str], before: dict[str, str], undone: dict[str, str]) -> Iterable[str]:
    for text in env:
        name = text.partition("=")[0]
        if name not in undone:
            yield text
        elif name in before:
            yield f"{name}={before[name]}"


def _assignments(text: str) -> dict[str, str]:
    """`A=1 B=two words`: nothing is quoted in these lines, so a value ends where the next name begins."""
    starts = list(_PAIR.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return {match[1]: text[match.end() : end] for match, end in zip(starts, ends, strict=True)}


def _words(text: str) -> tuple[str, ...]:
    """A list as JSON, as Go's `%q` (quoted, without commas) or as its `%v` (as it is)."""
    inner = text.strip()
    quoted = _QUOTED.findall(inner)
    if quoted:
        return tuple(_unquoted(word) for word in quoted)
    return tuple(inner.removeprefix("[").removesuffix("]").split())


def _unquoted(word: str) -> str:
    plain = re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", word).replace("\\a", "\\u0007").replace("\\v", "\\u000b")
    try:
        return str(json.loads(plain))
    except ValueError:
        return word[1:-1]


def _healthcheck(text: str) -> Healthcheck | None:
    match = _HEALTH.search(text)
    if not match:
        return None
    form, _, command = match["test"].partition(" ")
    test = (form, command) if form == "CMD-SHELL" else tuple(match["test"].split())
    names = ("interval", "timeout", "start_period", "start_interval")
    times = {name: _nanoseconds(match[name] or "0s") for name in names}
    return Healthcheck(test, retries=int(match["retries"]), **times)


def _nanoseconds(text: str) -> int:
    return int(sum(float(number) * _NANOSECONDS[unit] for number, unit in _DURATION.findall(text)))
