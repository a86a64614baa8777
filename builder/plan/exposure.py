"""EXPOSE, VOLUME, STOPSIGNAL: members of the config that are checked when the plan is made."""

from __future__ import annotations

import re

from builder.errors import BuildfileError, Span
from builder.plan.facts import PortWritten
from builder.plan.history import config_line, plain_list
from builder.plan.ports import exposed_ports
from builder.plan.stage_state import StageState
from builder.syntax.instructions import Expose, StopSignal, Volume

_SIGNALS = {
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
}  # fmt: skip


def apply_expose(state: StageState, item: Expose) -> None:
    """The words are sorted before they are expanded, which only the history shows."""
    words = [word for port in sorted(item.ports) for word in state.expand_list(port, item.span)]
    ports: list[str] = []
    for word in words:
        state.tell(PortWritten(word), item.span)
        ports += exposed_ports(word, item.span)
    state.config = state.config._replace(exposed_ports=tuple(dict.fromkeys((*state.config.exposed_ports, *ports))))
    state.history.append(config_line(f"EXPOSE {plain_list(ports)}"))


def apply_volume(state: StageState, item: Volume) -> None:
    paths = [state.expand(path, item.span) for path in item.paths]
    if "" in paths:
        raise BuildfileError("empty-volume", "a VOLUME expands to an empty path", span=item.span)
    state.config = state.config._replace(volumes=tuple(dict.fromkeys((*state.config.volumes, *paths))))
    state.history.append(config_line(f"VOLUME {plain_list(paths)}"))


def apply_stop_signal(state: StageState, item: StopSignal) -> None:
    signal = state.expand(item.signal, item.span)
    _check_signal(signal, item.span)
    state.config = state.config._replace(stop_signal=signal)
    state.history.append(config_line(f"STOPSIGNAL {signal}"))


def _check_signal(signal: str, span: Span) -> None:
    """A number other than 0, or a Linux name with or without SIG; real-time ones count from both ends (RTMIN+15,
    RTMAX-14)."""
    if re.fullmatch(r"[+-]?[0-9]{1,18}", signal) and int(signal) != 0:
        return
    name = signal.upper().removeprefix("SIG")
    base, _, distance = name.replace("-", "+").partition("+")
    furthest = {"RTMIN+": 15, "RTMAX-": 14}.get(name[:6], 0)
    real_time = base in ("RTMIN", "RTMAX") and re.fullmatch(r"[1-9][0-9]?", distance) and int(distance) <= furthest
    if name not in _SIGNALS and not real_time:
        raise BuildfileError(
            "bad-signal", f"STOPSIGNAL {signal!r} is not a signal", hint="e.g. SIGTERM, SIGQUIT or 9", span=span
        )
