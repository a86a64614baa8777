"""What a process sees and leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

from builder.sandbox.worker import Worker
from tests.sandbox.conftest import run_spec, spec_for


def test_output_and_exit_code_come_back(worker: Worker, base: str, tmp_path: Path) -> None:
    status, text = run_spec(worker, spec_for(str(tmp_path), base, "sh", "-c", "echo out; echo err >&2; exit 7"))
    assert (status.code, status.signal, text) == (7, 0, "out\nerr\n")


def test_only_what_the_process_wrote_is_left(worker: Worker, base: str, tmp_path: Path) -> None:
    spec = spec_for(str(tmp_path), base, "sh", "-c", "echo hi > /file; cat /etc/hosts /etc/resolv.conf > /dev/null")
    status, text = run_spec(worker, spec)
    assert (status.code, text) == (0, "")
    assert sorted(os.listdir(spec.rootfs.upper)) == ["dev", "file", "proc", "sys"]
    assert os.listdir(spec.rootfs.work) in ([], ["work"])
