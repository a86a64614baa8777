"""Taking the time: the tools in turn, round after round."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.peers.program import failure
from tests.bench.peers.protocol import Bases, BuildFailedError, Peer
from tests.bench.workloads.definition import Workload

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    workload: Workload
    seconds: dict[str, list[float]]
    """Name of the tool to its times, in the order in which they were taken."""


@dataclass(frozen=True)
class Bench:
    peers: Sequence[Peer]
    bases: Bases
    rounds: int
    log: str
    """A file for the output of the command that is measured."""
    say: Say

    def measure(self, workload: Workload, context: str) -> Measured:
        """One round that does not count, then `rounds` that do."""
        if not workload.cold:
            for peer in self.peers:
                peer.make_cold(self.bases)
                self._timed(peer, context, cold=True)
        seconds: dict[str, list[float]] = {peer.name: [] for peer in self.peers}
        for number in range(self.rounds + 1):
            for peer in self.peers:
                if workload.cold:
                    peer.make_cold(self.bases)
                taken = self._timed(peer, context, cold=workload.cold)
                peer.check()
                if number:
                    seconds[peer.name].append(taken)
                self.say(f"{workload.name} {f'round {number}' if number else 'warm-up'} {peer.name} {taken:.3f} s")
        return Measured(workload, seconds)

    def _timed(self, peer: Peer, context: str, *, cold: bool) -> float:
        argv = peer.command(context, cold=cold)
        os.sync()
        with open(self.log, "wb") as log:
            start = time.perf_counter()
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            code = process.wait()
            taken = time.perf_counter() - start
        if code != 0:
            with open(self.log, encoding="utf-8", errors="replace") as log_text:
                raise BuildFailedError(failure(argv, code, log_text.read()))
        return taken
