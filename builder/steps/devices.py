"""`RUN --device`: which of the machine's devices a step gets, and whether it may have them."""

from __future__ import annotations

import os

from builder.configuration.read import read_configuration
from builder.errors import SandboxError, StepError
from builder.plan.types import RunAction
from builder.sandbox.cdi import Described, Devices, Given, edits_of


def devices_for(action: RunAction) -> Given:
    """What the step's process gets for them. A device that is not here is left out unless it is required. Raises
    StepError `no-device`, `not-allowed` or `device-unsupported`."""
    folders = read_configuration(os.environ).devices.specifications
    devices = Devices(folders)
    found: dict[str, Described] = {}
    for name, required, allowed in action.devices:
        matching = devices.find(name)
        if required and not matching:
            raise _missing(name, devices, folders)
        for device in matching:
            if not (allowed or device.allows_itself):
                raise _forbidden(device.name)
            found[device.name] = device
    try:
        return edits_of(list(found.values()))
    except SandboxError as error:
        raise StepError(error.code, error.message, hint=error.hint) from error


def _missing(name: str, devices: Devices, folders: tuple[str, ...]) -> StepError:
    hint = f"devices are described in {' and '.join(folders) or 'no folder'}"
    if devices.faults:
        hint += f"; {'; '.join(devices.faults[:3])}"
    return StepError("no-device", f"this machine has no device {name}", hint=hint)


def _forbidden(name: str) -> StepError:
    return StepError(
        "not-allowed",
        f"RUN --device={name} is not allowed",
        hint=f"it reaches beyond the sandbox: if you trust the file, build with --allow device={name}",
    )
