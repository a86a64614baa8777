"""A worker and a tiny root filesystem for all tests of the sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from builder.sandbox.spec import ExitStatus, RootFs, RunSpec
from builder.sandbox.worker import Worker
from tests.support.rootfs import make_rootfs

Run = Callable[..., tuple[ExitStatus, str]]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_rootfs(str(tmp_path_factory.mktemp("rootfs") / "base"))


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def spec_for(directory: str, base: str, *argv: str, **changes: object) -> RunSpec:
    """A spec whose root filesystem is `base` below fresh directories in `directory`."""
    upper, work = os.path.join(directory, "upper"), os.path.join(directory, "work")
    for path in (upper, work):
        os.makedirs(path, exist_ok=True)
    spec = RunSpec(argv, (("PATH", "/bin"),), "/", RootFs((base,), upper, work))
    return spec._replace(**changes)  # type: ignore[arg-type]


def run_spec(worker: Worker, spec: RunSpec) -> tuple[ExitStatus, str]:
    output, end = os.pipe()
    with open(output, "rb") as file:
        try:
            call = worker.begin("run", {"spec": spec.to_json()}, [end])
        finally:
            os.close(end)
        text = file.read().decode(errors="replace")
    return ExitStatus(**call.result()), text
