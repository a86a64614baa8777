"""The job `enter`: one more process beside one that runs, in its namespaces.

Arguments: `spec`, whose root filesystem, mounts and network do not count: they are those of the other process.
Descriptors: a pidfd of the other process; none, if there is a console, or three (input, output, errors); and a socket
that hears of the process (console.py has the words). The job's own process ends at once: what runs is a child of
whoever carries out the job.
"""

from __future__ import annotations

import os

from builder.sandbox import kernel, privileges, seccomp, system_files
from builder.sandbox.console import ENTERED, open_console, tell
from builder.sandbox.container import change_directory, take_on
from builder.sandbox.identity import own_identities
from builder.sandbox.imports import no_more_imports
from builder.sandbox.program import Program
from builder.sandbox.spec import RunSpec
from builder.sandbox.syscall_table import opened_by
from builder.sandbox.users import look_up


def job(args: dict[str, object], fds: list[int]) -> Program:
    spec = RunSpec.from_json(args["spec"])  # type: ignore[arg-type] # JSON of ours
    other, *streams, notify = fds
    identities = own_identities()
    privileges.last_capability()
    seccomp.program(os.uname().machine, opened_by(spec.capabilities or ()))
    namespaces = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    namespaces |= kernel.CLONE_NEWNET | (kernel.CLONE_NEWCGROUP if system_files.has_unified_cgroups() else 0)
    no_more_imports()
    kernel.hide_from_processes()
    kernel.enter_namespaces_of(other, namespaces)
    child = kernel.fork_into(kernel.CLONE_PARENT)
    if child:
        tell(notify, ENTERED, os.pidfd_open(child))
        os._exit(0)
    identity = look_up(spec.user, spec.groups)
    change_directory(spec.cwd)
    if spec.console:
        streams = [open_console(spec.console, notify, identity)] * 3
    given, output, errors = streams
    return take_on(spec, identity, identities, (given, output, errors))
