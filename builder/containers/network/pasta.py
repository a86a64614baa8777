"""pasta (of passt): the container has this machine's own addresses."""

from __future__ import annotations

import os
import sys
import time

from builder.containers.network.types import Connected
from builder.errors import SandboxError

_PATIENCE_S = 60
"""Only for one that hangs: its end is seen."""
_DEFAULT = "00000000"
_NAMESERVER = "169.254.1.1"
"""As podman has it: an address that nothing else has."""


class Pasta:
    nameserver = _NAMESERVER
    address = ""
    ipv6 = True

    @staticmethod
    def gateway() -> str:
        """The one that this machine has, which pasta takes for this machine itself."""
        return next((_address(row[2]) for row in _routes() if row[1] == _DEFAULT), "127.0.0.1")

    def __init__(self, wanted: Connected) -> None:
        self._wanted = wanted
        self._alive, self._held = os.pipe2(os.O_CLOEXEC)

    def execute(self, namespace: str) -> None:
        os.set_inheritable(self._held, True)
        argv = ["pasta", "--config-net", "--foreground", "--quiet", "--dns-forward", _NAMESERVER]
        argv += [] if self._wanted.reach_machine else ["--no-map-gw"]
        argv += ["--runas", "0:0"] if os.geteuid() == 0 else []
        for protocol, option in (("tcp", "-t"), ("udp", "-u")):
            ports = [port for port in self._wanted.ports if port.protocol == protocol]
            for port in ports:
                address = "" if port.address == "0.0.0.0" else f"{port.address}/"  # noqa: S104 - every address
                argv += [option, f"{address}{port.host}:{port.container}"]
            argv += [] if ports else [option, "none"]
        argv += ["-T", "none", "-U", "none", "--netns", namespace]
        os.execvp(argv[0], argv)  # noqa: S606 - there is no shell to want

    def finish(self) -> None:
        """It says nothing when it is ready, so the route that it makes is waited for; its end closes the pipe."""
        os.close(self._held)
        os.set_blocking(self._alive, False)
        until = time.monotonic() + _PATIENCE_S
        while not _has_route():
            if time.monotonic() > until or self._ended():
                raise SandboxError("no-network", "pasta could not connect the container's network")
            time.sleep(0.005)
        os.close(self._alive)

    def _ended(self) -> bool:
        try:
            return not os.read(self._alive, 1)
        except BlockingIOError:
            return False


def _has_route() -> bool:
    return any(row[1] == _DEFAULT for row in _routes())


def _routes() -> list[list[str]]:
    with open("/proc/self/net/route", encoding="ascii") as file:
        return [line.split() for line in file]


def _address(digits: str) -> str:
    """The kernel writes the four bytes as one number."""
    return ".".join(str(byte) for byte in int(digits, 16).to_bytes(4, sys.byteorder))
