"""pybuild itself, with a store of its own."""

from __future__ import annotations

import compileall
import os
import shutil
import sys

import builder
from tests.bench.peers.program import output_of, remove_tree
from tests.bench.peers.protocol import Bases, UnusableError
from tests.bench.workloads.definition import BASE

IMAGE = "localhost/pybuild-bench:latest"


class Pybuild:
    name = "pybuild"
    makes = "an image in its store: an OCI layout, layers compressed with gzip"

    def __init__(self, program: str, root: str) -> None:
        self._program = program
        self._root = root

    def version(self) -> str:
        return output_of([self._program, "--version"])

    def make_cold(self, bases: Bases) -> None:
        remove_tree(self._root)
        output_of(self._build(bases.base, BASE))
        output_of(self._build(bases.warm, "localhost/pybuild-bench-warm"))

    def command(self, context: str, *, cold: bool) -> list[str]:
        del cold  # its store is fresh
        return self._build(context, IMAGE)

    def _build(self, context: str, tag: str) -> list[str]:
        return [self._program, "build", "--root", self._root, "--progress", "quiet", "-t", tag, context]

    def check(self) -> None:
        output_of([self._program, "inspect", "--root", self._root, IMAGE])

    def close(self) -> None:
        remove_tree(self._root)


def find(work: str) -> Pybuild:
    # An installation has its bytecode. An editable one has it only once Python has written it, which the variable
    # PYTHONDONTWRITEBYTECODE forbids: then every command would compile the whole program first.
    compileall.compile_dir(os.path.dirname(builder.__file__), quiet=2)
    beside_python = os.path.join(os.path.dirname(sys.executable), "pybuild")
    path = beside_python if os.access(beside_python, os.X_OK) else shutil.which("pybuild")
    if path is None:
        raise UnusableError("pybuild is not installed: pip install -e .")
    return Pybuild(path, os.path.join(work, "pybuild"))
