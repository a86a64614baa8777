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
from builder.sandbox.spec import RunSpec

NATIVE = "native"


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any] | Program:
    arranged = arrange(RunSpec.from_json(args["spec"]), tuple(args.get("roots", ROOT_KINDS)), fds)
    runtime = args.get("runtime", NATIVE)
    if runtime == NATIVE:
        result = native.run(arranged)
        return result if isinstance(result, Program) else result._asdict()
    from builder.sandbox.oci import run_bundle

    return run_bundle(arranged, runtime)._asdict()
