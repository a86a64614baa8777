"""A cold build that copies one large file, half of it random."""

from __future__ import annotations

from tests.bench.workloads.definition import BASE, Scale, Workload, write_text
from tests.bench.workloads.trees import write_large_file


def write(folder: str, scale: Scale, seed: int) -> None:
    write_text(folder, "Dockerfile", f"FROM {BASE}\nCOPY large.bin /\n")
    write_large_file(f"{folder}/large.bin", scale.large_mib, seed)


WORKLOAD = Workload("copy-large", "cold build, COPY of one large file", True, 0.25, "large", write)
