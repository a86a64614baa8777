"""What a RUN's process stands in besides its mounts: network, security, devices, and what the command line adds."""

from __future__ import annotations

from builder.errors import BuildfileError, Span
from builder.plan.stage_state import StageState
from builder.plan.types import Device, RunAction
from builder.syntax.flag_values import read_device
from builder.syntax.instructions import Run

_HOSTNAME = "BUILDKIT_SANDBOX_HOSTNAME"


def surround(state: StageState, item: Run, action: RunAction) -> RunAction:
    """`action` with its surroundings. Raises BuildfileError `not-allowed` for what the command line does not allow."""
    given = state.shared.options.surroundings
    network = given.network if item.network in ("", "default") else item.network
    insecure = item.security == "insecure"
    devices = tuple(Device(*read_device(text)) for text in item.devices)
    allowed = frozenset(given.allowed)
    if network == "host":
        _need(allowed, "network.host", "RUN --network=host", item.span)
    if insecure:
        _need(allowed, "security.insecure", "RUN --security=insecure", item.span)
    for device in devices:
        if f"device={device.name}" not in allowed:
            _need(allowed, "device", f"RUN --device={device.name}", item.span)
    return action._replace(
        network=network,
        insecure=insecure,
        devices=devices,
        hostname=state.shared.arguments.given.get(_HOSTNAME, ""),
        extra_hosts=given.extra_hosts,
        shm_size=given.shm_size,
        ulimits=given.ulimits,
    )


def _need(allowed: frozenset[str], right: str, what: str, span: Span) -> None:
    if right not in allowed:
        raise BuildfileError(
            "not-allowed",
            f"{what} is not allowed",
            hint=f"it reaches beyond the sandbox: if you trust the file, build with --allow {right}",
            span=span,
        )
