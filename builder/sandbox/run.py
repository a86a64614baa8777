"""The job `run`: one process in one root filesystem, to its end.

Arguments: `spec`; `runtime`, `native` where absent; `roots`, the kinds of root filesystem to try, all where absent.
Descriptors: one (output and errors together, input is empty), or three (input, output, errors).
"""

from __future__ import annotations

from typing import Any

from builder.sandbox import native
from builder.sandbox.arrange import arrange
from builder.sandbox.program import Program
from builder.sandbox.roots import ROOT_KINDS
from builder.sandbox.spec import ExitStatus, RunSpec

NATIVE = "native"


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any] | Program:
    spec = RunSpec.from_json(args["spec"])
    try:
        result = _run(spec, args.get("runtime", NATIVE), tuple(args.get("roots", ROOT_KINDS)), fds)
    except OSError as error:
        raise native.refused(error) from error
    return result if isinstance(result, Program) else result._asdict()


def _run(spec: RunSpec, runtime: str, roots: tuple[str, ...], fds: list[int]) -> ExitStatus | Program:
    arranged = arrange(spec, roots, fds)
    if runtime == NATIVE:
        return native.run(arranged)
    from builder.sandbox.oci import run_bundle

    return run_bundle(arranged, runtime)
