"""A cold build that copies many small files."""

from __future__ import annotations

import os

from tests.bench.workloads.definition import BASE, Scale, Workload, write_text
from tests.bench.workloads.trees import write_many_files


def write(folder: str, scale: Scale, seed: int) -> None:
    write_text(folder, "Dockerfile", f"FROM {BASE}\nCOPY src /src\n")
    os.mkdir(f"{folder}/src")
    write_many_files(f"{folder}/src", scale.files, scale.file_bytes, seed)


WORKLOAD = Workload("copy-files", "cold build, COPY of many files", True, 0.2, "files", write)
