"""A terminal of the root filesystem's own /dev/pts, and what passes through a notification socket.

The process's end is made inside, so that its name (`tty`) means something there; the other end goes outside, to whoever
shows it to a user. Messages: one word each, with a descriptor.
"""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import os
import sys
import termios

from builder.sandbox import kernel
from builder.sandbox.users import Identity

CONSOLE = b"console"
"""With the outer end of the terminal."""
STARTED = b"started"
"""With a pidfd of the process, by jobs that stay to wait for it."""
ENTERED = b"entered"
"""With a pidfd of the process that entered."""
_TIOCGPTPEER = 0x5441


def open_console(size: tuple[int, int], notify: int, identity: Identity) -> int:
    """To be called inside the root filesystem; returns the process's end."""
    ours, theirs = os.openpty()
    set_size(ours, size)
    with contextlib.suppress(OSError):  # a user that this user namespace does not have
        os.fchown(theirs, identity.uid, -1)
    tell(notify, CONSOLE, ours)
    os.close(ours)
    return theirs


def show_as_console(terminal: int) -> None:
    """At /dev/console, as runc does."""
    os.close(os.open("/dev/console", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    kernel.mount(os.ttyname(terminal), "/dev/console", "", kernel.MS_BIND)


def set_size(terminal: int, size: tuple[int, int]) -> None:
    rows, columns = size
    words = (rows.to_bytes(2, sys.byteorder), columns.to_bytes(2, sys.byteorder))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, b"".join(words) + bytes(4))


def inner_end(outer: int) -> int:
    """The process's end of a terminal whose outer end we have, wherever it was made (Linux 4.13)."""
    return int(fcntl.ioctl(outer, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))


def tell(notify: int, word: bytes, fd: int) -> None:
    sock = _socket.socket(fileno=os.dup(notify))
    try:
        sock.sendmsg([word], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder))])
    finally:
        sock.close()
