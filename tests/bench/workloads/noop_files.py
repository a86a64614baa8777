"""A repetition of the build that copies many small files, none of them changed."""

from __future__ import annotations

from tests.bench.workloads.copy_files import write
from tests.bench.workloads.definition import Workload

WORKLOAD = Workload("noop-files", "no-op rebuild, COPY of many files", False, 0.35, "files", write)
