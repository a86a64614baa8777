"""A repetition of a build of four steps in which nothing has changed."""

from __future__ import annotations

from tests.bench.workloads.definition import BASE, Scale, Workload, write_text

DOCKERFILE = f"""\
FROM {BASE}
COPY packages.txt /app/
RUN sort /app/packages.txt > /app/sorted.txt
COPY main.sh /app/
RUN chmod 0755 /app/main.sh
CMD ["/app/main.sh"]
"""


def write(folder: str, scale: Scale, seed: int) -> None:
    write_text(folder, "Dockerfile", DOCKERFILE)
    write_text(folder, "packages.txt", f"zlib\ncurl\nseed {seed}\n")
    write_text(folder, "main.sh", "#!/bin/sh\necho started\n")


WORKLOAD = Workload("noop-steps", "no-op rebuild, 4 steps", False, 1.0, "steps", write)
