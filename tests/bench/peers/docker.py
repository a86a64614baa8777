"""docker build, in the running daemon: the images are removed in the end, its cache is left to its own rules."""

from __future__ import annotations

from tests.bench.peers.program import output_of, program
from tests.bench.peers.protocol import Bases, BuildFailedError, UnusableError
from tests.bench.workloads.definition import BASE

IMAGE = "localhost/pybuild-bench:latest"
WARM = "localhost/pybuild-bench-warm"


class Docker:
    name = "docker"
    makes = "an image in the daemon's store (files that the daemon was sent before are not sent again)"

    def __init__(self) -> None:
        self._program = program("docker")
        try:
            self._version = output_of([self._program, "version", "--format", "{{.Server.Version}}"])
        except BuildFailedError as error:
            raise UnusableError("no docker daemon answers") from error

    def version(self) -> str:
        return f"docker {self._version}"

    def make_cold(self, bases: Bases) -> None:
        output_of([self._program, "build", "--quiet", "--tag", BASE, bases.base])
        output_of([self._program, "build", "--quiet", "--tag", WARM, bases.warm])

    def command(self, context: str, *, cold: bool) -> list[str]:
        fresh = ["--no-cache"] if cold else []
        return [self._program, "build", "--quiet", *fresh, "--tag", IMAGE, context]

    def check(self) -> None:
        output_of([self._program, "image", "inspect", IMAGE])

    def close(self) -> None:
        for image in (IMAGE, WARM, BASE):
            if output_of([self._program, "images", "--quiet", image]):
                output_of([self._program, "rmi", "--force", image])


def find(work: str) -> Docker:
    del work  # all its state is the daemon's
    return Docker()
