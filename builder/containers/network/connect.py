"""The monitor's step into a network namespace of its own, and the program that connects it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from importlib import import_module

from builder.containers.network.ports import check_free
from builder.containers.network.types import Connected, Connector
from builder.containers.types import Port
from builder.errors import SandboxError
from builder.sandbox import kernel, network

PRIVATE = "private"
PROGRAMS = {
    "slirp4netns": ("builder.containers.network.slirp4netns", "Slirp4netns"),
    "pasta": ("builder.containers.network.pasta", "Pasta"),
}
"""Module and class, in the order in which they are looked for."""
TUNNEL = "/dev/net/tun"


def available(ports: Sequence[Port] = ()) -> str:
    """The program that is used here for these ports; empty where none is installed that can forward them, or it could
    not make its device."""
    if not os.access(TUNNEL, os.R_OK | os.W_OK):
        return ""
    from shutil import which

    ipv6 = any(port.is_ipv6 for port in ports)
    return next((name for name in PROGRAMS if which(name) and (not ipv6 or connector(name).ipv6)), "")


def program_for(ports: Sequence[Port]) -> type[Connector]:
    """The one that is used. Raises SandboxError `no-network`."""
    name = available(ports)
    if not name:
        raise no_program()
    return connector(name)


def connector(name: str) -> type[Connector]:
    module, kind = PROGRAMS[name]
    found: type[Connector] = getattr(import_module(module), kind)
    return found


def connect(kind: str, ports: Sequence[Port], folder: str, reach_machine: bool) -> None:
    """With `private` this process is in a new, connected network namespace afterwards, in which any user may listen on
    any port (docker's settings)."""
    if kind != PRIVATE:
        return
    kind_of_program = program_for(ports)
    check_free(ports)
    program = kind_of_program(Connected(ports, folder, reach_machine))
    own = f"/proc/{os.readlink('/proc/self')}/ns/net"
    wait, go = os.pipe2(os.O_CLOEXEC)
    if os.fork() == 0:
        try:
            os.close(go)
            os.read(wait, 1)  # until the namespace is there: this process stays outside of it
            namespace = os.open(own, os.O_RDONLY)
            os.set_inheritable(namespace, True)
            program.execute(f"/proc/self/fd/{namespace}")
        finally:
            os._exit(127)
    os.close(wait)
    kernel.unshare(kernel.CLONE_NEWNET)
    network.raise_loopback()
    for setting, value in (("ip_unprivileged_port_start", "0"), ("ping_group_range", "0 2147483647")):
        with contextlib.suppress(OSError), open(f"/proc/sys/net/ipv4/{setting}", "w", encoding="ascii") as file:
            file.write(value)
    os.close(go)
    program.finish()


def no_program() -> SandboxError:
    if os.path.exists(TUNNEL) and not os.access(TUNNEL, os.R_OK | os.W_OK):
        return SandboxError(
            "no-network",
            f"a network of its own needs {TUNNEL}, which this user may not open",
            hint="`chmod 0666 /dev/net/tun` as root, as distributions have it; or --network host or none",
        )
    if available():
        return SandboxError(
            "no-network",
            f"{available()} publishes no port on an IPv6 address",
            hint="install passt, or publish on an IPv4 address such as 127.0.0.1",
        )
    return SandboxError(
        "no-network",
        "a network of its own needs pasta or slirp4netns, and neither is installed",
        hint="install passt or slirp4netns, or say --network host or none",
    )
