"""Starting a container: its monitor is started, and says whether the process runs."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from builder.containers import cgroups
from builder.containers.hold import hold_stopped
from builder.containers.monitor import wire
from builder.containers.records import folder_of
from builder.containers.tools import Tools
from builder.containers.types import Container, MountPoint
from builder.containers.volumes import ensure_volume, volume_path
from builder.errors import SandboxError, StoreError, UsageError
from builder.images.unpack import ensure_chain
from builder.lean import TYPE_CHECKING
from builder.sandbox import protocol
from builder.sandbox.own_process import start_module
from builder.sandbox.spec import ExitStatus, Mount, RootFs, RunSpec
from builder.store.locks import FileLock

if TYPE_CHECKING:
    import _socket

_ROOTS = ("overlay", "fuse")
"""A plain copy would know what has changed only at the end: nothing for `diff`, `cp`, and a start after a crash."""
_GATEWAY = "host-gateway"
Size = tuple[int, int]


class NotStarted(Exception):  # noqa: N818 - carries a result
    """The command cannot be executed: 126 or 127, with docker's reason."""

    def __init__(self, status: ExitStatus) -> None:
        super().__init__(status.reason)
        self.status = status


def start_container(
    container: Container, tools: Tools, *, attach: bool = False, size: Size = (24, 80)
) -> _socket.socket:
    """The process runs; the connection to its monitor is attached, from the first byte on, if `attach`. Raises
    StoreError `already-running`, NotStarted, SandboxError."""
    folder = folder_of(tools.store, container.id)
    lock = hold_stopped(tools.store, container.id)
    if lock is None:
        raise StoreError("already-running", f"container {container.name} runs already")
    try:
        cgroups.divide(container.settings.limits)
        lowers = prepare(container, tools)
        request = {
            "id": container.id,
            "folder": folder,
            "run": {
                "spec": run_spec(container, tools, lowers, size).to_json(),
                "runtime": container.settings.runtime,
                "roots": _ROOTS,
                "notify": True,
            },
            "limits": container.settings.limits,
            "network": container.network,
            "ports": container.ports,
            "reach_machine": any(address == _GATEWAY for _, address in container.settings.extra_hosts),
            "interactive": container.settings.interactive,
            "stdin_once": container.settings.stdin_once,
            "attach": attach,
            "stop_signal": signal_number(container.stop_signal),
            "remove": container.settings.remove,
            "log": container.settings.log,
            "volumes": [
                os.path.dirname(volume_path(tools.store, mount.source)) for mount in container.mounts if mount.anonymous
            ],
        }
        return _spawn(request, lock)
    finally:
        lock.release()


def prepare(container: Container, tools: Tools) -> tuple[str, ...]:
    """Afterwards all that its root filesystem is put together from is there. The image's snapshots, returned; sources
    of mounts; its own files, which a container has not whose start was interrupted."""
    lowers = ensure_chain(tools.store, tools.worker(), container.layers, tools.open_source, tools.fetching)
    for mount in container.mounts:
        _ensure_source(mount, lowers, tools)
    _write_files(container, folder_of(tools.store, container.id))
    return lowers


def signal_number(text: str) -> int:
    """`SIGTERM`, `TERM` or `15`; also `RTMIN+3`."""
    word = text.upper().removeprefix("SIG")
    if word.isdecimal() and 0 < int(word) < signal.NSIG:
        return int(word)
    name, plus, offset = word.partition("+")
    number = getattr(signal, f"SIG{name}", None)
    if not isinstance(number, signal.Signals) or (plus and not offset.isdecimal()):
        raise UsageError("bad-signal", f"there is no signal {text[:50]!r}", hint="such as TERM, SIGINT or 9")
    return int(number) + int(offset or 0)


def _spawn(request: dict[str, Any], lock: FileLock) -> _socket.socket:
    import _socket

    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    asked = os.memfd_create("request", os.MFD_CLOEXEC)
    try:
        os.write(asked, json.dumps(request).encode())
        os.lseek(asked, 0, os.SEEK_SET)
        starter = start_module("builder.containers.monitor.main", [theirs.fileno(), lock.descriptor, asked], quiet=True)
    finally:
        os.close(asked)
        theirs.close()
    os.waitpid(starter, 0)
    packet, _ = wire.receive(ours)
    if not packet:
        raise SandboxError(
            "monitor-died", "the process beside the container was killed before it ran", hint="`pybuild rm -f` does so"
        )
    raise_failure(wire.unpack(packet) or {})
    return ours


def raise_failure(answer: dict[str, Any]) -> None:
    """What a monitor has answered: nothing, or the error that it tells of."""
    if "error" in answer:
        raise protocol.revive(answer["error"])
    if "bug" in answer:
        raise RuntimeError(f"in a container's monitor:\n{answer['bug']}")
    if "not_started" in answer:
        raise NotStarted(ExitStatus(**answer["not_started"]))


def run_spec(container: Container, tools: Tools, lowers: tuple[str, ...], size: Size) -> RunSpec:
    """`lowers`: the image's snapshots; `size`: of its terminal, if it has one."""
    folder = folder_of(tools.store, container.id)
    own = [Mount("bind", f"/etc/{name}", f"{folder}/{name}") for name in ("hosts", "hostname", "resolv.conf")]
    return RunSpec(
        argv=container.argv,
        env=container.environment(),
        cwd=container.run_config.working_dir or "/",
        rootfs=RootFs(
            (f"{folder}/base", *lowers), f"{folder}/upper", f"{folder}/work", durable=not container.settings.remove
        ),
        user=container.run_config.user,
        hostname=container.hostname,
        network=container.network,
        mounts=(*own, *(_mount(mount, tools) for mount in container.mounts)),
        shm_size=container.settings.shm_size,
        ulimits=container.settings.ulimits,
        readonly_root=container.settings.readonly,
        insecure=container.settings.privileged,
        console=size if container.settings.tty else None,
        capabilities=container.settings.capabilities,
        init=container.settings.init,
        groups=container.settings.groups,
        no_new_privileges=container.settings.no_new_privileges,
        filtered=container.settings.filtered,
    )


def _mount(mount: MountPoint, tools: Tools) -> Mount:
    if mount.kind == "tmpfs":
        return Mount("tmpfs", mount.destination, "", mount.readonly, mount.size, mount.mode, noexec=mount.noexec)
    source = mount.source if mount.kind == "bind" else volume_path(tools.store, mount.source)
    return Mount("bind", mount.destination, source, mount.readonly)


def _ensure_source(mount: MountPoint, lowers: tuple[str, ...], tools: Tools) -> None:
    if mount.kind == "volume":
        ensure_volume(tools.store, mount, lowers, tools.worker)
    elif mount.kind == "bind" and not os.path.lexists(mount.source):
        raise SandboxError("mount-source-missing", f"there is no {mount.source} to mount at {mount.destination}")


def _write_files(container: Container, folder: str) -> None:
    """Anew for every start, as the network may be another one."""
    from builder.containers.network.files import hosts, resolv_conf

    for name, text in (
        ("hosts", hosts(container)),
        ("hostname", f"{container.hostname}\n"),
        ("resolv.conf", resolv_conf(container)),
    ):
        with open(f"{folder}/{name}", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
