"""Starting one of our modules as a process of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

_BOOT = "import json,sys;sys.path[:]=json.loads(sys.argv.pop());from {module} import main;main()"


def start_module(module: str, fds: Sequence[int], *, quiet: bool = False) -> int:
    """Starts `main()` of the module, with `fds` as its descriptors from 3 on, and returns the process's number. With
    `quiet` it has none of our standard streams.

    In a session of its own, so that a terminal's Ctrl-C reaches only us. posix_spawn, because forking a process with
    threads is unsafe; -I and -S, because nothing of the environment and of site packages' start-up hooks is wanted
    (sys.path is handed over whole, so an editable install works too).
    """
    package_parent = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = json.dumps([package_parent, *(entry for entry in sys.path if entry and entry != package_parent)])
    argv = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT.format(module=module), path]
    first_free = max((*fds, 2)) + 1 + len(fds)
    actions: list[Any] = [(os.POSIX_SPAWN_DUP2, fd, first_free + at) for at, fd in enumerate(fds)]
    actions += [(os.POSIX_SPAWN_DUP2, first_free + at, 3 + at) for at in range(len(fds))]
    actions += [(os.POSIX_SPAWN_CLOSE, first_free + at) for at in range(len(fds))]
    if quiet:
        actions += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
    return os.posix_spawn(sys.executable, argv, os.environ, file_actions=actions, setsid=True)
