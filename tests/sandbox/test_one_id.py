"""An ordinary user without newuidmap: there is only user 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import SandboxError
from builder.sandbox.worker import Worker
from tests.sandbox.conftest import Runner


@pytest.mark.ordinary_user
def test_without_newuidmap_there_is_only_user_0(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with Worker() as worker:
        runner = Runner(worker, base, tmp_path)
        assert runner.says("id -u; id -G; touch /x; stat -c %u /x") == "0\n0\n0\n"
        with pytest.raises(SandboxError) as caught:
            runner.says("id", user="alice")
    assert caught.value.code == "user-not-mapped"
