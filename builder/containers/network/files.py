"""What a container finds in /etc/hosts and /etc/resolv.conf."""

from __future__ import annotations

from builder.containers.network.connect import PRIVATE, program_for
from builder.containers.types import Container
from builder.sandbox import network

_GATEWAY = "host-gateway"


def hosts(container: Container) -> str:
    """docker's word `host-gateway` means this machine."""
    program = program_for(container.ports) if container.network == PRIVATE else None
    lines = ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    lines.append(f"{program.address if program and program.address else '127.0.1.1'}\t{container.hostname}")
    gateway = program.gateway() if program else "127.0.0.1"
    lines += [
        f"{gateway if address == _GATEWAY else address}\t{name}" for name, address in container.settings.extra_hosts
    ]
    return "\n".join(lines) + "\n"


def resolv_conf(container: Container) -> str:
    """This machine's, but for what was asked for, and for the servers where the network's own program is asked: what
    listens on this machine's loopback cannot be reached from another network."""
    text = network.resolv_conf()
    wanted = {
        "nameserver": container.settings.resolver.servers,
        "search": container.settings.resolver.search,
        "options": container.settings.resolver.options,
    }
    if container.network == PRIVATE and not wanted["nameserver"]:
        wanted["nameserver"] = (program_for(container.ports).nameserver,)
    replaced = tuple(name for name, values in wanted.items() if values)
    if not replaced:
        return text
    lines = [line for line in text.splitlines() if not line.startswith(replaced)]
    lines += [f"nameserver {server}" for server in wanted["nameserver"]]
    lines += [f"{name} {' '.join(wanted[name])}" for name in ("search", "options") if name in replaced]
    return "\n".join(line for line in lines if line != "search .") + "\n"
