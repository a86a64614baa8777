"""The native sandbox: namespaces made by ourselves, nothing to be installed.

A job is born as process 1 in a pid and a mount namespace of its own (server.py), so with the kernel's overlay it can
turn itself into the process that is to run: one fork per run. The other kinds of root filesystem have work to do
afterwards: they wait for a child.
"""

from __future__ import annotations

import json
import os
from typing import Any, NoReturn

from builder.errors import BuilderError, SandboxError
from builder.sandbox import ahead, container, kernel, protocol
from builder.sandbox.ahead import KernelTrees
from builder.sandbox.arrange import Arranged
from builder.sandbox.console import STARTED, tell
from builder.sandbox.program import NotStarted, Program
from builder.sandbox.spec import ExitStatus


def run(arranged: Arranged) -> ExitStatus | Program:
    """Runs the process to its end; afterwards nothing that it started is left. Or makes this process into the one that
    is to run, up to the exec."""
    ahead.enter_namespaces()
    if not arranged.kind.needs_finish:
        return container.enter(arranged, _own_trees(arranged) if arranged.spec.insecure else ahead.kernel_trees())
    report, answer = os.pipe2(os.O_CLOEXEC)
    pid = kernel.fork_into(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
    if pid == 0:
        _be_child(arranged, answer)
    os.close(answer)
    with open(report, "rb") as file:
        failure = file.read()
    if arranged.notify >= 0 and not failure:
        tell(arranged.notify, STARTED, os.pidfd_open(pid))
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = _explain(json.loads(failure)) if failure else ExitStatus.of(ended)
    arranged.kind.finish(arranged.root)
    return status


def refused(error: OSError) -> SandboxError:
    """What the kernel does not let us do is a fault of the machine, or of what was asked for, not a bug of ours."""
    return SandboxError(
        "sandbox-refused",
        f"this machine refuses what the process needs: {error}",
        hint="`pybuild doctor` says what is missing and how to get it",
    )


def _be_child(arranged: Arranged, answer: int) -> NoReturn:
    """A successful exec closes the pipe; anything else is written to it."""
    report: dict[str, Any] = {"bug": "the child ended without a result"}
    try:
        container.enter(arranged, _own_trees(arranged)).execute()
    except NotStarted as result:
        report = {"status": result.status}
    except BuilderError as error:
        report = protocol.describe(error)
    except OSError as error:
        report = protocol.describe(refused(error))
    except Exception as error:  # noqa: BLE001 - the boundary of the process: a bug must reach the caller as what it is
        report = {"bug": protocol.trace_of(error)}
    finally:
        try:
            os.write(answer, json.dumps(report).encode())
        finally:
            os._exit(1)


def _own_trees(arranged: Arranged) -> KernelTrees:
    return ahead.make_trees(f"{arranged.scratch}/own", insecure=arranged.spec.insecure)


def _explain(report: dict[str, Any]) -> ExitStatus:
    if "status" in report:
        return ExitStatus(*report["status"])
    if "error" in report:
        raise protocol.revive(report["error"])
    raise RuntimeError(report["bug"])
