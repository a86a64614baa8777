"""Which network a container gets: that of this machine, none, or one of its own."""

from __future__ import annotations

from collections.abc import Sequence

from builder.containers.types import Port
from builder.errors import UsageError

_WORDS = {"host": "host", "none": "none", "private": "private", "bridge": "private", "default": "private"}
"""Where docker has another word for what we have, it means the same."""


def choose(asked: str, ports: Sequence[Port]) -> str:
    """`host`, `none` or `private`; `host` where nothing is asked for and nothing private can be had. Raises UsageError,
    or SandboxError `no-network` where what was asked for cannot be had here."""
    from builder.containers.network.connect import available, no_program

    if asked and asked not in _WORDS:
        raise UsageError("bad-option", f"--network {asked}: no such network", hint="host, none or private")
    kind = _WORDS.get(asked, "private" if ports or available() else "host")
    if ports and kind != "private":
        raise UsageError("bad-option", f"--network {kind} publishes no ports", hint="leave out --network, or -p")
    if kind == "private" and not available(ports):
        raise no_program()
    return kind
