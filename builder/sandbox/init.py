"""Process 1 of a container that was started with --init: hands signals on, collects orphans, ends as its child does.

It is this Python process, so nothing has to be there in the image, and nothing is imported any more: the root
filesystem is the image's.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NoReturn

from builder.sandbox import kernel

_OWN = {signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP}


def fork_below_init() -> None:
    """Returns in a child, which is to become the program; the parent is its init, and never returns."""
    signals = set(range(1, signal.NSIG)) - _OWN - {32, 33}  # two belong to the C library
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    child = os.fork()
    if child:
        _attend(child, signals)
    os.setpgid(0, 0)
    with contextlib.suppress(OSError):  # without a terminal
        os.tcsetpgrp(0, os.getpid())  # SIGTTOU is blocked
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _attend(child: int, signals: set[int]) -> NoReturn:
    os.closerange(3, 1 << 20)
    kernel.hide_from_processes()
    while True:
        number = signal.sigwait(signals)
        if number != signal.SIGCHLD:
            with contextlib.suppress(OSError):
                os.kill(child, number)
            continue
        for pid, status in _ended():
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                os._exit(128 - code if code < 0 else code)


def _ended() -> list[tuple[int, int]]:
    found = []
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append(ended)
    return found
