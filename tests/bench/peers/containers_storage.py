"""What buildah and podman have in common: their command line, and a store that can be put anywhere."""

from __future__ import annotations

import os

from tests.bench.peers.program import output_of, program, remove_tree
from tests.bench.peers.protocol import Bases
from tests.bench.workloads.definition import BASE

IMAGE = "localhost/pybuild-bench:latest"


class StoragePeer:
    """Builds with all its defaults but two: steps are cached, and stages may run side by side, as with the others."""

    makes = "an image in its store: unpacked layers, not compressed"

    def __init__(self, name: str, work: str) -> None:
        self.name = name
        self._folders = [os.path.join(work, f"{name}-{kind}") for kind in ("store", "run")]
        root, runroot = self._folders
        self._program = [program(name), "--root", root, "--runroot", runroot]

    def version(self) -> str:
        return output_of([self._program[0], "--version"])

    def make_cold(self, bases: Bases) -> None:
        self.close()
        output_of(self._build(bases.base, BASE))
        output_of(self._build(bases.warm, "localhost/pybuild-bench-warm"))

    def command(self, context: str, *, cold: bool) -> list[str]:
        del cold  # its store is fresh
        return self._build(context, IMAGE)

    def _build(self, context: str, tag: str) -> list[str]:
        return [*self._program, "build", "--layers", "--jobs", "4", "--quiet", "--tag", tag, context]

    def check(self) -> None:
        output_of([*self._program, "inspect", "--type", "image", IMAGE])

    def close(self) -> None:
        for folder in self._folders:
            remove_tree(folder)
