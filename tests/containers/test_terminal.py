"""-it: a terminal of the container's own, driven through a pseudo-terminal as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyte
import pytest

from tests.containers.test_run import listed, until
from tests.support.cli import Pybuild
from tests.support.machine import needs_runtime

_PATIENCE = 60.0
TOP = ("-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro")
"""This machine's own programs."""


class Person:
    """Someone at a terminal."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        self.fd = fd
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def types(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def sees(self, wanted: str | Callable[[list[str]], bool]) -> None:
        holds = wanted if callable(wanted) else lambda lines: any(wanted in line for line in lines)
        end = time.monotonic() + _PATIENCE
        while not holds([line.rstrip() for line in self.screen.display]):
            assert time.monotonic() < end, "\n".join(self.screen.display)
            assert self._read(), "\n".join(["it has ended:", *self.screen.display])

    def ended(self) -> int:
        while self._read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


@contextmanager
def person(box: Pybuild, *args: str) -> Iterator[Person]:
    argv = box.argv(*args)
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, box.environment({"TERM": "xterm"}))  # noqa: S606 - there is no shell to want
    someone = Person(pid, fd)
    someone.resize(24, 80)
    try:
        yield someone
    finally:
        os.close(fd)


@pytest.mark.parametrize("runtime", ["native", "crun"])
def test_size_colours_and_interrupt(box: Pybuild, runtime: str) -> None:
    needs_runtime(runtime)
    options = ("--rm", "--network", "none", "--runtime", runtime)
    with person(box, "run", "-it", *options, "base", "sh") as someone:
        someone.sees("#")
        someone.types("tty; stty size; ls -l /dev/console | cut -c1\n")
        someone.sees(lambda lines: "/dev/pts/0" in lines and "24 80" in lines and "c" in lines)
        someone.resize(30, 100)
        someone.types("stty size; printf '\\033[31mred\\033[0m\\n'; trap 'echo caught' INT; echo -n rea; echo dy\n")
        someone.sees(lambda lines: all(any(word in line for line in lines) for word in ("30 100", "red", "ready")))
        assert b"\x1b[31mred" in someone.raw
        someone.types("\x03")
        someone.sees("caught")
        someone.types("sh -c 'echo -n wait; echo ing; exec sleep 100'\n")
        someone.sees("waiting")
        someone.types("\x03")
        someone.types("\nexit 6\n")
        assert someone.ended() == 6


def test_detach_attach_and_exec(box: Pybuild) -> None:
    with person(box, "run", "-it", "--name", "shell", "--network", "none", "base", "sh") as someone:
        someone.sees("#")
        someone.types("echo one-$((1 + 1))\n")
        someone.sees("one-2")
        someone.types("\x10")
        someone.types("\x11")
        assert someone.ended() == 0
        assert b"goes on" in someone.raw
    assert listed(box)[0]["status"] == "running"
    with person(box, "exec", "-it", "shell", "sh") as someone:
        someone.sees("#")
        someone.types("tty; stty size; exit 7\n")
        someone.sees(lambda lines: "/dev/pts/1" in lines and "24 80" in lines)
        assert someone.ended() == 7
    with person(box, "attach", "shell") as someone:
        someone.types("echo two-$((1 + 1)); exit 5\n")
        someone.sees("two-2")
        assert someone.ended() == 5
    until(lambda: listed(box)[0]["status"] == "exited")
    assert "one-2" in box.run("logs", "shell").stdout


def test_a_program_that_fills_the_screen(box: Pybuild) -> None:
    with person(box, "run", "-it", "--rm", "--network", "none", *TOP, "base", "/usr/bin/top", "-d", "60") as someone:
        someone.sees(lambda lines: any("PID USER" in line for line in lines) and any(" top" in line for line in lines))
        someone.types("z")
        someone.sees(lambda _: b"\x1b[" in someone.raw and b"31m" in someone.raw)
        someone.resize(12, 60)
        someone.sees(lambda lines: "PID USER" in lines[6])
        someone.types("q")
        assert someone.ended() == 0
    assert listed(box) == []


def test_what_is_no_terminal_is_said(box: Pybuild) -> None:
    assert "no terminal" in box.run("run", "-it", "base", "true", code=125).stderr
