"""What this machine can do, in the words of its own examination (`pybuild doctor` says the same)."""

from __future__ import annotations

import functools
import shutil
import tempfile

import pytest

from builder.sandbox.probe import State, probe


@functools.cache
def missing_for_run() -> str:
    """Why no RUN can work here; empty where one can."""
    with tempfile.TemporaryDirectory() as directory:
        findings = probe(directory)
    return "; ".join(f"{found.name}: {found.detail}" for found in findings if found.state is State.MISSING)


def needs_runtime(name: str) -> None:
    """Skips the test where the machine has no such program; `native` is ours."""
    if name != "native" and shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
