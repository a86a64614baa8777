"""Another process in a running container."""

from __future__ import annotations

from typing import NamedTuple

from builder.containers.client import ask
from builder.containers.types import Container
from builder.errors import UsageError
from builder.lean import TYPE_CHECKING
from builder.sandbox.spec import RootFs, RunSpec
from builder.store.store import Store

if TYPE_CHECKING:
    import _socket


class Execution(NamedTuple):
    """What is not said is as for the container's first process."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str | None], ...] = ()
    workdir: str = ""
    user: str = ""
    privileged: bool = False
    size: tuple[int, int] | None = None
    """Rows and columns of a terminal, where it gets one."""
    interactive: bool = False
    detach: bool = False


def execute(store: Store, container: Container, wanted: Execution) -> _socket.socket:
    """The process runs; the connection is attached to it, unless it is detached. Raises StoreError `not-running`, and
    NotStarted where there is no such program."""
    if wanted.workdir and not wanted.workdir.startswith("/"):
        raise UsageError("bad-option", f"the working directory {wanted.workdir!r} is not an absolute path")
    environment: dict[str, str | None] = dict(container.environment())
    environment |= {"TERM": "xterm"} if wanted.size else {}
    environment |= dict(wanted.env)
    spec = RunSpec(
        argv=wanted.argv,
        env=tuple((name, value) for name, value in environment.items() if value is not None),
        cwd=wanted.workdir or container.run_config.working_dir or "/",
        rootfs=RootFs((), "", ""),
        user=wanted.user or container.run_config.user,
        insecure=container.settings.privileged or wanted.privileged,
        capabilities=container.settings.capabilities,
        groups=() if wanted.user else container.settings.groups,
        no_new_privileges=container.settings.no_new_privileges,
        filtered=container.settings.filtered,
        console=wanted.size,
    )
    request = {
        "do": "exec",
        "spec": spec.to_json(),
        "interactive": wanted.interactive,
        "detach": wanted.detach,
    }
    return ask(store, container.id, container.name, request)[0]
