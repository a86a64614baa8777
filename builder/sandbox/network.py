"""What a process needs to reach the network, or not to."""

from __future__ import annotations

import _socket
import fcntl
import sys

from builder.sandbox.small_files import read_text
from builder.sandbox.spec import RunSpec

_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def hosts_file(spec: RunSpec) -> str:
    lines = [f"127.0.0.1\tlocalhost {spec.hostname}", "::1\tlocalhost ip6-localhost ip6-loopback"]
    lines += [f"{address}\t{name}" for name, address in spec.extra_hosts]
    return "\n".join(lines) + "\n"


def resolv_conf() -> str:
    """The machine's own: the process shares its network, so that a resolver on the loopback is reachable too."""
    try:
        return read_text("/etc/resolv.conf")
    except OSError:
        return ""


def raise_loopback() -> None:
    """In a fresh network namespace, makes 127.0.0.1 and ::1 work."""
    request = b"lo".ljust(16, b"\0") + _IFF_UP.to_bytes(2, sys.byteorder).ljust(24, b"\0")
    sock = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        fcntl.ioctl(sock.fileno(), _SIOCSIFFLAGS, request)
    finally:
        sock.close()
