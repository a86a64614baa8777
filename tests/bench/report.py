"""The result, as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.peers.protocol import Peer
from tests.bench.peers.pybuild import Pybuild
from tests.bench.rounds import Measured
from tests.bench.workloads.definition import Scale

OURS = Pybuild.name
FORMAT = 1


@dataclass(frozen=True)
class Setting:
    scale: Scale
    seed: int
    rounds: int
    peers: Sequence[Peer]
    left_out: Mapping[str, str]


def ratio(measured: Measured, peer: str) -> float:
    """pybuild's median divided by the peer's: below 1 pybuild is faster."""
    return median(measured.seconds[OURS]) / median(measured.seconds[peer])


def as_table(setting: Setting, results: Sequence[Measured]) -> str:
    """Medians in seconds; beside each peer's, in brackets, pybuild's time as a ratio to it."""
    others = [peer.name for peer in setting.peers if peer.name != OURS]
    rows = [["", OURS, *others, "bar"]]
    for measured in results:
        cells = [f"{median(measured.seconds[name]):.3f} ({ratio(measured, name):.2f})" for name in others]
        ours = f"{median(measured.seconds[OURS]):.3f}"
        rows.append([measured.workload.title, ours, *cells, f"{measured.workload.bar:.2f}"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return "\n".join([*lines, "", *_notes(setting)])


def _notes(setting: Setting) -> list[str]:
    notes = [
        f"Medians of {setting.rounds} rounds, in seconds; in brackets pybuild's median divided by the peer's.",
        f"Scale {setting.scale.name}, seed {setting.seed}, {os.cpu_count()} cores, Linux {platform.release()}.",
        "Bar: what pybuild is to reach as a ratio to buildkit at full scale.",
        "What each command has made when it ends:",
    ]
    notes += [f"  {peer.name}: {peer.makes} ({peer.version()})" for peer in setting.peers]
    return notes + [f"  left out: {name}: {reason}" for name, reason in setting.left_out.items()]


def as_json(setting: Setting, results: Sequence[Measured]) -> dict[str, object]:
    return {
        "format": FORMAT,
        "scale": setting.scale.name,
        "seed": setting.seed,
        "rounds": setting.rounds,
        "machine": {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        "peers": {peer.name: {"version": peer.version(), "makes": peer.makes} for peer in setting.peers},
        "left_out": dict(setting.left_out),
        "workloads": [
            {
                "name": measured.workload.name,
                "title": measured.workload.title,
                "cold": measured.workload.cold,
                "bar": measured.workload.bar,
                "seconds": measured.seconds,
                "median": {name: median(taken) for name, taken in measured.seconds.items()},
                "ratio": {name: ratio(measured, name) for name in measured.seconds if name != OURS},
            }
            for measured in results
        ],
    }
