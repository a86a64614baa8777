"""The job `run`: one process in one root filesystem, to its end.

Arguments: `spec`; `runtime`, `native` where absent; `roots`, the kinds of root filesystem to try, all where absent;
`notify`. Descriptors: none (what is written is lost, or there is a console), one (output and errors together, input is
empty), or three (input, output, errors); and with `notify` a last one: a socket over which the job sends the other end
of the console, and a pidfd of the process where the job's own is another one (console.py has the words).
"""

from __future__ import annotations

from typing import Any

from builder.sandbox import native
from builder.sandbox.arrange import Arranged, arrange
from builder.sandbox.program import Program
from builder.sandbox.roots import ROOT_KINDS
from builder.sandbox.spec import ExitStatus, RunSpec

NATIVE = "native"


def job(args: dict[str, Any], fds: list[int]) -> dict[str, Any] | Program:
    spec = RunSpec.from_json(args["spec"])
    try:
        notify = fds.pop() if args.get("notify") else -1
        arranged = arrange(spec, tuple(args.get("roots", ROOT_KINDS)), fds, notify)
        result = _run(arranged, args.get("runtime", NATIVE))
    except OSError as error:
        raise native.refused(error) from error
    return result if isinstance(result, Program) else result._asdict()


def _run(arranged: Arranged, runtime: str) -> ExitStatus | Program:
    if runtime == NATIVE:
        return native.run(arranged)
    from builder.sandbox.oci import run_bundle

    return run_bundle(arranged, runtime)
