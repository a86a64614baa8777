"""A worker, a tiny root filesystem, and every way in which a run can be carried out on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from builder.errors import SandboxError
from builder.sandbox.spec import ExitStatus, RootFs, RunSpec
from builder.sandbox.worker import Worker
from tests.support.rootfs import make_rootfs


class Way(NamedTuple):
    """One combination of runtime and kind of root filesystem."""

    runtime: str
    root: str

    def args(self) -> dict[str, Any]:
        return {"runtime": self.runtime, "roots": [self.root]}


DEFAULT_WAY = Way("native", "overlay")
WAYS = [
    DEFAULT_WAY,
    Way("native", "fuse"),
    Way("native", "copy"),
    Way("runc", "overlay"),
    Way("crun", "overlay"),
    Way("crun", "copy"),
]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_rootfs(str(tmp_path_factory.mktemp("rootfs") / "base"))


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


class Outcome(NamedTuple):
    status: ExitStatus
    text: str
    upper: str


class Runner:
    """Runs things in `base`, each in fresh directories."""

    def __init__(self, worker: Worker, base: str, directory: Path) -> None:
        self._worker = worker
        self.base = base
        self.lowers: tuple[str, ...] = (base,)
        self._directory = directory
        self._count = 0

    def spec(self, *argv: str, **changes: Any) -> RunSpec:
        self._count += 1
        upper, work = (str(self._directory / f"{name}{self._count}") for name in ("upper", "work"))
        for path in (upper, work):
            os.mkdir(path)
        spec = RunSpec(argv, (("PATH", "/bin"),), "/", RootFs(self.lowers, upper, work))
        return spec._replace(**changes)

    def run(self, spec: RunSpec, way: Way = DEFAULT_WAY) -> Outcome:
        output, end = os.pipe()
        with open(output, "rb") as file:
            try:
                call = self._worker.begin("run", {"spec": spec.to_json()} | way.args(), [end])
            finally:
                os.close(end)
            text = file.read().decode(errors="surrogateescape")
        return Outcome(ExitStatus(**call.result()), text, spec.rootfs.upper)

    def shell(self, script: str, way: Way = DEFAULT_WAY, **changes: Any) -> Outcome:
        return self.run(self.spec("sh", "-c", script, **changes), way)

    def need(self, way: Way) -> None:
        """Skips the test where this machine cannot go that way, with its own reason. The default way must work."""
        try:
            outcome = self.shell("exit 0", way)
        except SandboxError as error:
            if way == DEFAULT_WAY:
                raise
            pytest.skip(error.message)
        assert outcome.status.code == 0, outcome

    def says(self, script: str, **changes: Any) -> str:
        """The output of a script that succeeds."""
        outcome = self.shell(script, **changes)
        assert outcome.status.code == 0, outcome
        return outcome.text


@pytest.fixture
def runner(worker: Worker, base: str, tmp_path: Path) -> Runner:
    return Runner(worker, base, tmp_path)
