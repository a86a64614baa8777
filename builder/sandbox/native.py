"""The native sandbox: namespaces made by ourselves, nothing to be installed."""

from __future__ import annotations

import json
import os
import traceback
from typing import Any, NoReturn

from builder.errors import BuilderError, SandboxError
from builder.sandbox import container, kernel, network, protocol, stubs
from builder.sandbox.identity import own_identities
from builder.sandbox.overlay import KernelOverlay
from builder.sandbox.remove import remove
from builder.sandbox.spec import ExitStatus, File, RunSpec

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
_OWN_TREES = ("/proc", "/dev", "/sys")


def run(spec: RunSpec, root: KernelOverlay, fds: list[int]) -> ExitStatus:
    """Runs the process to its end; afterwards nothing that it started is left."""
    target = os.path.join(spec.rootfs.work, "root")
    os.mkdir(target, 0o755)
    if spec.rootfs.lowers:
        stubs.copy_attributes(spec.rootfs.lowers[-1], spec.rootfs.upper)
    root.mount(spec.rootfs, target)
    files = (File("/etc/hosts", network.hosts_file(spec)), File("/etc/resolv.conf", network.resolv_conf()), *spec.files)
    targets = _find_targets(spec, files, target, root)
    entry = container.Entry(spec, target, targets, files, _streams(fds), own_identities())
    status = _start_and_wait(entry)
    root.finish(spec.rootfs, target)
    for name in os.listdir(spec.rootfs.work):
        remove(os.path.join(spec.rootfs.work, name))
    return status


def _start_and_wait(entry: container.Entry) -> ExitStatus:
    namespaces = _NAMESPACES | (kernel.CLONE_NEWNET if entry.spec.network == "none" else 0)
    report, answer = os.pipe2(os.O_CLOEXEC)
    pid = kernel.fork_into(namespaces)
    if pid == 0:
        _become_process(entry, answer)
    os.close(answer)
    with open(report, "rb") as file:
        failure = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if failure:
        return _explain(json.loads(failure))
    return ExitStatus(128 - status, -status) if status < 0 else ExitStatus(status)


def _become_process(entry: container.Entry, answer: int) -> NoReturn:
    """In the child: success closes the pipe by exec; anything else is written to it."""
    report: dict[str, object]
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
        container.enter(entry)
    except container.NotStarted as result:
        report = {"status": result.status}
    except BuilderError as error:
        report = protocol.describe(error)
    except Exception:  # noqa: BLE001 - the boundary of the process: a bug must reach the caller as what it is
        report = {"bug": traceback.format_exc()}
    finally:
        try:
            os.write(answer, json.dumps(report).encode())
        finally:
            os._exit(1)


def _explain(report: dict[str, Any]) -> ExitStatus:
    if "status" in report:
        return ExitStatus(*report["status"])
    if "error" in report:
        raise protocol.revive(report["error"])
    raise RuntimeError(report["bug"])


def _find_targets(spec: RunSpec, files: tuple[File, ...], root: str, kind: KernelOverlay) -> dict[str, str]:
    """Where files and mounts go. Afterwards something stands at each place, but not in the upper directory."""
    wanted = [(file.path, False) for file in files]
    wanted += [(mount.target, mount.kind == "tmpfs" or os.path.isdir(mount.source)) for mount in spec.mounts]
    targets = {path: stubs.resolve(root, path, is_directory) for path, is_directory in wanted}
    for path in _OWN_TREES:
        _require_directory(root, path)
    outside = [target for target in targets.values() if not target.path.startswith(tuple(f"{t}/" for t in _OWN_TREES))]
    directory = os.path.join(spec.rootfs.work, "stubs")
    if any(not target.exists for target in outside):
        os.mkdir(directory, 0o755)
        stubs.plant(root, directory, outside)
        kind.add_lower(spec.rootfs, directory, root)
    return {path: target.path for path, target in targets.items()}


def _require_directory(root: str, path: str) -> None:
    place = root + path
    if not os.path.lexists(place):
        os.mkdir(place, 0o755)
    elif os.path.islink(place) or not os.path.isdir(place):
        raise SandboxError("bad-root", f"{path} of the image is not a directory", hint="It must be, or be absent.")


def _streams(fds: list[int]) -> tuple[int, int, int]:
    if len(fds) == 1:
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC), fds[0], fds[0]
    given, output, errors = fds
    return given, output, errors
