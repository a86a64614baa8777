"""A cold build of many RUN steps that each do next to nothing: what a step costs by itself."""

from __future__ import annotations

from tests.bench.workloads.definition import BASE, Scale, Workload, write_text


def write(folder: str, scale: Scale, seed: int) -> None:
    steps = "".join(f"RUN echo {seed}.{number} > /step{number}\n" for number in range(scale.run_steps))
    write_text(folder, "Dockerfile", f"FROM {BASE}\n{steps}")


WORKLOAD = Workload("run-cold", "many RUN steps, cold", True, 0.2, "run", write)
