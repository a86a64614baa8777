"""A repetition of the build of many RUN steps."""

from __future__ import annotations

from tests.bench.workloads.definition import Workload
from tests.bench.workloads.run_cold import write

WORKLOAD = Workload("run-noop", "many RUN steps, no-op", False, 1.0, "run", write)
