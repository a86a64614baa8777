"""A terminal for a process of the sandbox: a pseudo-terminal between it and the one that the user has.

The process must not get the user's terminal itself: it could type into it (TIOCSTI), and it is in another session.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

_CHUNK = 1 << 14


@contextmanager
def attached(streams: Sequence[int]) -> Generator[tuple[list[int], bool]]:
    """Descriptors for the process, and whether they are a terminal that it is to control. Within the block what is
    typed goes to it and what it writes is shown; afterwards the user's terminal is as it was."""
    if not all(os.isatty(fd) for fd in streams):
        yield list(streams), False
        return
    user = streams[0]
    ours, theirs = os.openpty()
    woken, wake = os.pipe()
    resized = signal.signal(signal.SIGWINCH, lambda *_: _copy_size(user, ours))
    relay = threading.Thread(target=_relay, args=(user, streams[1], ours, woken), daemon=True)
    try:
        _copy_size(user, ours)
        with raw_mode(user):
            relay.start()
            try:
                yield [theirs, theirs, theirs], True
            finally:
                os.close(theirs)  # the last one: what the process wrote is read to its end
                os.write(wake, b"x")
                relay.join()
    finally:
        signal.signal(signal.SIGWINCH, resized)
        for fd in (ours, woken, wake):
            os.close(fd)


@contextmanager
def raw_mode(terminal: int) -> Generator[None]:
    """Every key goes to the process as it is; afterwards the terminal is as it was. -1: there is no terminal."""
    if terminal < 0:
        yield
        return
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSADRAIN)  # what was typed ahead is for the process
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def size_of(terminal: int) -> tuple[int, int] | None:
    """Rows and columns; None for what is no terminal, or does not know."""
    with suppress(OSError):
        columns, rows = os.get_terminal_size(terminal)
        if columns and rows:
            return rows, columns
    return None


def _relay(user: int, output: int, ours: int, woken: int) -> None:
    """Both directions, until the process is gone and all it wrote has been shown."""
    sources = [user, ours, woken]
    while True:
        ready = select.select(sources, [], [])[0]
        if ours in ready:
            data = b""
            with suppress(OSError):  # EIO: nobody holds the other end any more
                data = os.read(ours, _CHUNK)
            if not data:
                return
            _write_all(output, data)
        elif user in ready:
            typed = os.read(user, _CHUNK)
            if typed:
                _write_all(ours, typed)
            else:
                sources.remove(user)
        elif woken in ready:
            return


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _copy_size(source: int, target: int) -> None:
    with suppress(OSError):
        fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8)))
