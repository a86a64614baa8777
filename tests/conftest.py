"""What a machine lacks is skipped with the words of its own examination (`pybuild doctor` says the same)."""

from __future__ import annotations

import functools
import tempfile

import pytest

from builder.sandbox.probe import State, probe


@functools.cache
def missing() -> str:
    """Why no RUN can work here; empty where one can."""
    with tempfile.TemporaryDirectory() as directory:
        findings = probe(directory)
    return "; ".join(f"{found.name}: {found.detail}" for found in findings if found.state is State.MISSING)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("kernel") and missing():
        pytest.skip(missing())
