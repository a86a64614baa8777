"""The job `run`: one process in one root filesystem, to its end.

Descriptors: one (output and errors together, input is empty), or three (input, output, errors).
"""

from __future__ import annotations

from typing import Any

from builder.sandbox import native
from builder.sandbox.overlay import KernelOverlay
from builder.sandbox.program import Program
from builder.sandbox.spec import RunSpec


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any] | Program:
    spec = RunSpec.from_json(args["spec"])
    root = KernelOverlay()
    if root.needs_finish:
        return native.run(spec, root, fds)._asdict()
    return native.become(spec, root, fds)
