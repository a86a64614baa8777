"""The contract of the programs that connect a network namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from builder.containers.types import Port


class Connected(NamedTuple):
    """What is wanted of the program."""

    ports: Sequence[Port]
    folder: str
    """Of the container."""
    reach_machine: bool
    """Whether the gateway leads to what listens on this machine's loopback."""


class Connector(Protocol):
    nameserver: str
    """Where it answers questions of names; empty: those of this machine are asked."""
    address: str
    """The container's; empty: this machine's own."""

    ipv6: bool
    """Whether it listens on IPv6 addresses."""

    @staticmethod
    def gateway() -> str:
        """This machine, as the container sees it. Asked outside of the namespace."""

    def __init__(self, wanted: Connected) -> None:
        """Called in the monitor, before the fork of the child that is to become the program."""

    def execute(self, namespace: str) -> None:
        """In the child: becomes the program. The network namespace is named by a descriptor: programs that have given
        up rights could not follow the path of another process's."""

    def finish(self) -> None:
        """In the monitor, inside the namespace: afterwards it is connected, and the ports are forwarded."""
