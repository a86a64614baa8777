"""The jobs of the worker: which module carries each out. A module offers `job(args, fds) -> result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from builder.sandbox.program import Program

Job = Callable[[dict[str, Any], list[int]], dict[str, Any] | Program]
"""Gives its result, or the program that the job's process is to become: then that one's end is the result."""
JOBS: Mapping[str, str] = {
    "run": "builder.sandbox.run",
    "enter": "builder.sandbox.enter",
    "capture": "builder.sandbox.capture",
    "apply": "builder.sandbox.apply",
    "fill": "builder.sandbox.fill",
    "remove": "builder.sandbox.remove",
    "changed": "builder.sandbox.changed",
    "visit": "builder.sandbox.visit",
    "examine": "builder.sandbox.examine",
}

NEED_NAMESPACES = {"run", "examine"}


def find_job(name: str) -> Job:
    """The job called `name`. Its module is imported now, so that a caller can do it once for many forks."""
    job: Job = import_module(JOBS[name]).job
    return job
