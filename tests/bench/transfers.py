"""Pushing and pulling one large image beside skopeo, and crane where it is installed, in one run, through one registry
on loopback.

    python -m tests.bench.transfers                            1 GiB, five rounds
    python -m tests.bench.transfers --size 64m --rounds 3

The image is one file in one layer, every other MiB of it random, the rest zeros. pybuild pushes it from its store, the
others from the same store, which is an OCI layout; pybuild pulls it into a fresh store, they into a fresh OCI layout.
Each push finds an empty registry. All take turns, after a warm-up that does not count, and before each command the
disk's write queue is emptied. What is equal: bytes, registry, disk; what is not: pybuild's store is durable when its
command ends, the others' folders are not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from builder.model.size import parse_size
from tests.support.registry import running_registry

_PIECE = 1 << 20


class Run(NamedTuple):
    seconds: float
    cpu_seconds: float
    """What it cost, on a busy machine too."""
    most_memory: int
    """Bytes: the largest resident set."""


class Bench:
    """A folder with the image in a store of pybuild's, and one registry."""

    def __init__(self, folder: str, registry: str) -> None:
        self.folder = folder
        self.name = f"{registry}/bench/large:1"
        self.store = f"{folder}/store"
        self.pybuild = [sys.executable, "-m", "builder", "--root"]

    def make_image(self, size: int) -> None:
        context = f"{self.folder}/context"
        os.mkdir(context)
        with open(f"{context}/large", "wb") as file:
            for start in range(0, size, _PIECE):
                length = min(_PIECE, size - start)
                file.write(bytes(length) if start // _PIECE % 2 else os.urandom(length))
        with open(f"{context}/Buildfile", "w", encoding="utf-8") as file:
            file.write("FROM scratch\nCOPY large /\n")
        subprocess.run([*self.pybuild, self.store, "-q", "-t", self.name, context], check=True, capture_output=True)
        shutil.rmtree(context)

    def push_pybuild(self) -> Run:
        self._empty_registry()
        return measured([*self.pybuild, self.store, "push", "-q", self.name])

    def push_skopeo(self) -> Run:
        self._empty_registry()
        words = ["--dest-tls-verify=false", f"oci:{self.store}:{self.name}", f"docker://{self.name}"]
        return measured(["skopeo", "copy", "-q", *words])

    def push_crane(self) -> Run:
        self._empty_registry()
        return measured(["crane", "push", "--insecure", self.store, self.name])

    def pull_pybuild(self) -> Run:
        shutil.rmtree(f"{self.folder}/pulled", ignore_errors=True)
        return measured([*self.pybuild, f"{self.folder}/pulled", "pull", "-q", self.name])

    def pull_skopeo(self) -> Run:
        shutil.rmtree(f"{self.folder}/layout", ignore_errors=True)
        words = ["--src-tls-verify=false", f"docker://{self.name}", f"oci:{self.folder}/layout:1"]
        return measured(["skopeo", "copy", "-q", *words])

    def pull_crane(self) -> Run:
        shutil.rmtree(f"{self.folder}/layout", ignore_errors=True)
        return measured(["crane", "pull", "--insecure", "--format", "oci", self.name, f"{self.folder}/layout"])

    def pushes(self) -> dict[str, Callable[[], Run]]:
        return {"pybuild": self.push_pybuild, "skopeo": self.push_skopeo} | _with_crane(self.push_crane)

    def pulls(self) -> dict[str, Callable[[], Run]]:
        return {"pybuild": self.pull_pybuild, "skopeo": self.pull_skopeo} | _with_crane(self.pull_crane)

    def _empty_registry(self) -> None:
        """And forget that the image has been there: pybuild would mount it, or send nothing at all."""
        shutil.rmtree(f"{self.folder}/registry/data", ignore_errors=True)
        sources = f"{self.store}/sources"
        for name in os.listdir(sources):
            os.unlink(f"{sources}/{name}")


def measured(argv: Sequence[str]) -> Run:
    os.sync()
    began = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv)
    return Run(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _with_crane(run: Callable[[], Run]) -> dict[str, Callable[[], Run]]:
    return {"crane": run} if shutil.which("crane") else {}


def row(title: str, peer: str, ours: Sequence[Run], theirs: Sequence[Run]) -> str:
    mine, other = (median(run.seconds for run in runs) for runs in (ours, theirs))
    cpu = [median(run.cpu_seconds for run in runs) for runs in (ours, theirs)]
    memory = [max(run.most_memory for run in runs) / 1e6 for runs in (ours, theirs)]
    times = f"pybuild {mine:.2f} s, {peer} {other:.2f} s, ratio {mine / other:.2f}"
    costs = f"processor {cpu[0]:.2f} s and {cpu[1]:.2f} s, ratio {cpu[0] / cpu[1]:.2f}"
    return f"{title:<6}{times}; {costs}; most memory {memory[0]:.0f} MB and {memory[1]:.0f} MB"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.transfers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--size", default="1g", help="of the layer (1g)")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (5)")
    args = parser.parse_args(argv)
    size = parse_size(args.size)
    if not size or args.rounds < 1:
        parser.error("a size such as 64m, and at least one round")
    with (
        tempfile.TemporaryDirectory(prefix="pybuild-bench-") as folder,
        running_registry(f"{folder}/registry") as address,
    ):
        bench = Bench(folder, address)
        bench.make_image(size)
        for title, commands in (("push", bench.pushes()), ("pull", bench.pulls())):
            runs = in_turn(commands, args.rounds)
            for peer in list(commands)[1:]:
                print(row(title, peer, runs["pybuild"], runs[peer]), flush=True)
    return 0


def in_turn(commands: Mapping[str, Callable[[], Run]], rounds: int) -> dict[str, list[Run]]:
    """What each took in every round but the first, which warms up."""
    taken = [{name: run() for name, run in commands.items()} for _ in range(rounds + 1)][1:]
    return {name: [each[name] for each in taken] for name in commands}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
