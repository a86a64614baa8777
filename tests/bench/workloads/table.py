"""All workloads, in the order of DESIGN section 3."""

from __future__ import annotations

from tests.bench.workloads import copy_files, copy_large, noop_files, noop_steps, run_cold, run_noop, stages
from tests.bench.workloads.definition import Workload

WORKLOADS: dict[str, Workload] = {
    module.WORKLOAD.name: module.WORKLOAD
    for module in (noop_steps, noop_files, copy_files, copy_large, run_cold, run_noop, stages)
}
