from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.bench.workloads.definition import Scale, Workload
from tests.bench.workloads.table import WORKLOADS

TINY = Scale("tiny", files=120, file_bytes=100, large_mib=2, run_steps=3, sleep_s=0)


def fingerprint(folder: str) -> str:
    """Over the names and bytes of all files."""
    paths = sorted(os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    whole = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            whole.update(os.path.relpath(path, folder).encode() + b"\0" + file.read() + b"\0")
    return whole.hexdigest()


def written(workload: Workload, folder: str, seed: int) -> str:
    os.mkdir(folder)
    workload.write(folder, TINY, seed)
    return fingerprint(folder)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_a_context_follows_from_its_seed(workload: Workload, tmp_path: Path) -> None:
    first, same, other = (written(workload, f"{tmp_path}/{n}", seed) for n, seed in enumerate((1, 1, 2)))
    assert first == same
    assert first != other


def test_what_shares_a_name_of_a_context_shares_the_context() -> None:
    writers = {(workload.context, workload.write) for workload in WORKLOADS.values()}
    assert len(writers) == len({context for context, _ in writers})


def test_there_are_as_many_files_as_asked_for(tmp_path: Path) -> None:
    WORKLOADS["copy-files"].write(str(tmp_path), TINY, 1)
    assert sum(len(names) for _, _, names in os.walk(f"{tmp_path}/src")) == TINY.files
