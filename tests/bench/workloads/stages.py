"""Four stages that wait: how well stages run side by side."""

from __future__ import annotations

from tests.bench.workloads.definition import BASE, Scale, Workload, write_text

STAGES = ("north", "east", "south", "west")


def write(folder: str, scale: Scale, seed: int) -> None:
    stages = "".join(
        f"FROM {BASE} AS {name}\nRUN sleep {scale.sleep_s} && echo {seed} > /{name}\n\n" for name in STAGES
    )
    copies = "".join(f"COPY --from={name} /{name} /\n" for name in STAGES)
    write_text(folder, "Dockerfile", f"{stages}FROM {BASE}\n{copies}")


WORKLOAD = Workload("stages", "four stages that each sleep, cold", True, 0.9, "stages", write)
