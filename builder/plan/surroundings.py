"""What a RUN's process stands in besides its mounts: network, security, devices, and what the command line adds."""

from __future__ import annotations

from builder.errors import BuildfileError, Span
from builder.plan.stage_state import StageState
from builder.plan.types import Device, RunAction
from builder.syntax.flag_values import read_device
from builder.syntax.instructions import Run

_HOSTNAME = "BUILDKIT_SANDBOX_HOSTNAME"


def surround(state: StageState, item: Run, action: RunAction) -> RunAction:
    """`action` with its surroundings. Raises BuildfileError `not-allowed` for what the command line does not allow;
    whether a device has to be allowed is known only where it is described."""
    given = state.shared.options.surroundings
    network = given.network if item.network in ("", "default") else item.network
    insecure = item.security == "insecure"
    allowed = frozenset(given.allowed)
    devices = tuple(_device(text, allowed) for text in item.devices)
    if network == "host":
        _need(allowed, "network.host", "RUN --network=host", item.span)
    if insecure:
        _need(allowed, "security.insecure", "RUN --security=insecure", item.span)
    return action._replace(
        network=network,
        insecure=insecure,
        devices=devices,
        hostname=state.shared.arguments.given.get(_HOSTNAME, ""),
        extra_hosts=given.extra_hosts,
        shm_size=given.shm_size,
        ulimits=given.ulimits,
    )


def _device(text: str, allowed: frozenset[str]) -> Device:
    name, required = read_device(text)
    return Device(name, required, not allowed.isdisjoint({"device", f"device={name}"}))


def _need(allowed: frozenset[str], right: str, what: str, span: Span) -> None:
    if right not in allowed:
        raise BuildfileError(
            "not-allowed",
            f"{what} is not allowed",
            hint=f"it reaches beyond the sandbox: if you trust the file, build with --allow {right}",
            span=span,
        )
