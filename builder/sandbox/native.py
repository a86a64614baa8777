"""The native sandbox: namespaces made by ourselves, nothing to be installed.

A job is born as process 1 in a pid and a mount namespace of its own (server.py), so with the kernel's overlay it can
turn itself into the process that is to run: one fork per run. The other kinds of root filesystem have work to do
afterwards: they wait for a child.
"""

from __future__ import annotations

import json
import os
import traceback
from typing import Any, NoReturn

from builder.errors import BuilderError, SandboxError
from builder.sandbox import container, kernel, network, protocol, stubs
from builder.sandbox.identity import own_identities
from builder.sandbox.merged import Merged
from builder.sandbox.program import NotStarted, Program
from builder.sandbox.roots import RootKind
from builder.sandbox.spec import ExitStatus, File, RootFs, RunSpec

_OWN_TREES = ("/proc", "/dev", "/sys")


def become(spec: RunSpec, root: RootKind, fds: list[int]) -> Program:
    """Turns this process into the one that is to run, up to the exec."""
    return container.enter(_arrange(spec, root, fds))


def run(spec: RunSpec, root: RootKind, fds: list[int]) -> ExitStatus:
    """Runs the process as a child, to its end; afterwards nothing that it started is left."""
    arranged = _arrange(spec, root, fds)
    report, answer = os.pipe2(os.O_CLOEXEC)
    pid = kernel.fork_into(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
    if pid == 0:
        _be_child(arranged, answer)
    os.close(answer)
    with open(report, "rb") as file:
        failure = file.read()
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = _explain(json.loads(failure)) if failure else ExitStatus.of(ended)
    root.finish(arranged.root)
    return status


def _be_child(arranged: container.Arranged, answer: int) -> NoReturn:
    """A successful exec closes the pipe; anything else is written to it."""
    report: dict[str, Any]
    try:
        container.enter(arranged).execute()
    except NotStarted as result:
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


def _arrange(spec: RunSpec, root: RootKind, fds: list[int]) -> container.Arranged:
    """Mounts the root filesystem. Scratch space lies on a tmpfs over the work directory, for this mount namespace only:
    nothing is left to be removed."""
    rootfs = spec.rootfs
    root.open(rootfs)
    kernel.mount("tmpfs", rootfs.work, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=700")
    place = f"{rootfs.work}/root"
    os.mkdir(place, 0o755)
    tree = Merged(rootfs.lowers)
    _prepare_upper(tree, rootfs)
    files = (File("/etc/hosts", network.hosts_file(spec)), File("/etc/resolv.conf", network.resolv_conf()), *spec.files)
    targets = _find_targets(spec, files, tree)
    missing = [target for target in targets.values() if not target.exists and _is_of_image(target.path)]
    stub_directory = f"{rootfs.work}/stubs"
    if missing:
        stubs.plant(tree, stub_directory, missing)
    root.mount((stub_directory,) if missing else (), place)
    paths = {name: target.path for name, target in targets.items()}
    return container.Arranged(spec, place, paths, files, _streams(fds), own_identities())


def _prepare_upper(tree: Merged, rootfs: RootFs) -> None:
    """The root directory itself is the upper one's, so it takes after the one below. The trees of the kernel need
    directories to stand on: where the image has none, the layer gets them, as BuildKit leaves them too."""
    if rootfs.lowers:
        stubs.copy_attributes(rootfs.lowers[-1], rootfs.upper)
    for path in _OWN_TREES:
        place = tree.find(path)
        if place is None:
            os.mkdir(rootfs.upper + path, 0o755)
        elif os.path.islink(place) or not os.path.isdir(place):
            raise SandboxError("bad-root", f"{path} of the image is not a directory", hint="Make it one, or remove it.")


def _find_targets(spec: RunSpec, files: tuple[File, ...], tree: Merged) -> dict[str, stubs.Target]:
    wanted = [(file.path, False) for file in files]
    wanted += [(mount.target, mount.kind == "tmpfs" or os.path.isdir(mount.source)) for mount in spec.mounts]
    return {path: stubs.resolve(tree, path, is_directory) for path, is_directory in wanted}


def _is_of_image(path: str) -> bool:
    """Below /dev and the like there is nothing of the image: what is needed there is made in the fresh mounts."""
    return not path.startswith(tuple(f"{tree}/" for tree in _OWN_TREES))


def _streams(fds: list[int]) -> tuple[int, int, int]:
    if len(fds) == 1:
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC), fds[0], fds[0]
    given, output, errors = fds
    return given, output, errors
