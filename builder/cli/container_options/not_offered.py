"""Options of docker's `run` that are not offered, each refused with why, and what to do instead."""

from __future__ import annotations

import argparse
from typing import NoReturn

from builder.cli.containers import CANNOT_RUN
from builder.errors import UsageError

_NO_NETWORKS = "there are no networks with names; containers meet on ports that are published (-p)"
_NO_NAMESPACE = "every container has its own; --network host shares the network alone"
_NO_LIMIT = "--memory, --cpus and --pids-limit are the limits that there are"
_NO_HEALTH = "an image's HEALTHCHECK is kept and shown, nobody runs it; --no-healthcheck takes it away"
_REASONS = {
    "--volumes-from": "name the volumes again with -v: `pybuild inspect CONTAINER` lists them",
    "--link": _NO_NETWORKS,
    "--network-alias": _NO_NETWORKS,
    "--ip": _NO_NETWORKS,
    "--ip6": _NO_NETWORKS,
    "--mac-address": _NO_NETWORKS,
    "--pid": _NO_NAMESPACE,
    "--ipc": _NO_NAMESPACE,
    "--uts": _NO_NAMESPACE,
    "--userns": "root's containers have root's users, an ordinary user's their subordinate ids",
    "--cgroup-parent": _NO_LIMIT,
    "--cpu-shares": _NO_LIMIT,
    "--cpu-quota": _NO_LIMIT,
    "--cpu-period": _NO_LIMIT,
    "--cpuset-cpus": _NO_LIMIT,
    "--cpuset-mems": _NO_LIMIT,
    "--memory-swap": _NO_LIMIT,
    "--memory-reservation": _NO_LIMIT,
    "--blkio-weight": _NO_LIMIT,
    "--oom-score-adj": _NO_LIMIT,
    "--sysctl": "settings of the kernel are this machine's",
    "--gpus": "--device shows single devices of this machine",
    "--health-cmd": _NO_HEALTH,
    "--health-interval": _NO_HEALTH,
    "--health-retries": _NO_HEALTH,
    "--health-timeout": _NO_HEALTH,
    "--health-start-period": _NO_HEALTH,
}


class _Refused(argparse.Action):
    def __call__(self, _parser: object, _args: object, _value: object, option: str | None = None) -> NoReturn:
        error = UsageError("not-offered", f"{option} is not offered", hint=_REASONS[option or ""])
        error.exit_code = CANNOT_RUN
        raise error


def refuse_others(parser: argparse.ArgumentParser) -> None:
    """They are not in the help."""
    for name in _REASONS:
        parser.add_argument(name, action=_Refused, help=argparse.SUPPRESS)


def check_restart(policy: str) -> None:
    if policy != "no":
        hint = "a unit of systemd that runs `pybuild run` or `pybuild start -a` does that"
        raise UsageError("not-offered", f"--restart {policy}: no daemon would start it again", hint=hint)
