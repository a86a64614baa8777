"""What a workload is, and how large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BASE = "localhost/pybuild-bench-base"
"""The name under which every tool finds the base image."""


@dataclass(frozen=True)
class Scale:
    """How much there is of everything. The ratios of the design are meant at `FULL`."""

    name: str
    files: int
    file_bytes: int
    large_mib: int
    run_steps: int
    sleep_s: int


FULL = Scale("full", files=20_000, file_bytes=4_000, large_mib=1024, run_steps=40, sleep_s=3)
SMALL = Scale("small", files=500, file_bytes=4_000, large_mib=16, run_steps=6, sleep_s=1)
SCALES = {scale.name: scale for scale in (FULL, SMALL)}


@dataclass(frozen=True)
class Workload:
    """A context to build. `write(folder, scale, seed)` fills an empty folder, always the same way for the same seed."""

    name: str
    title: str
    cold: bool
    bar: float
    """What DESIGN section 3 asks of pybuild's time divided by BuildKit's, at full scale."""
    context: str
    """Workloads that name the same context are two measurements of one build, cold and repeated."""
    write: Callable[[str, Scale, int], None]


def write_text(folder: str, name: str, text: str) -> None:
    with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
        file.write(text)
