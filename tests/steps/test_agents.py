"""`--ssh` as buildx reads it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builder.errors import StepError, UsageError
from builder.steps.agents import Agents


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def agents(tmp_path: Path, opened: ExitStack, *specs: str, env: dict[str, str] | None = None) -> Agents:
    return Agents(specs, env or {}, lambda: str(tmp_path), opened)


def test_an_agent_is_a_socket(tmp_path: Path, opened: ExitStack) -> None:
    place = f"{tmp_path}/s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        given = agents(tmp_path, opened, "default", f"other={place}", env={"SSH_AUTH_SOCK": place})
        assert [given.socket(name) for name in ("default", "other", "none")] == [place, place, None]
        for specs in (("default", f"default={place}"), (f"x={place},{place}",)):
            with pytest.raises(UsageError):
                agents(tmp_path, opened, *specs, env={"SSH_AUTH_SOCK": place})


@pytest.mark.parametrize("spec", ["default", "x=/nowhere/at/all"])
def test_what_is_not_there_is_told_before_anything_runs(tmp_path: Path, opened: ExitStack, spec: str) -> None:
    with pytest.raises(UsageError):
        agents(tmp_path, opened, spec)


def test_keys_are_served_by_an_agent_that_ends_with_the_build(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "one@test", "-f", tmp_path / "key"], check=True
    )
    with ExitStack() as opened:
        place = agents(tmp_path, opened, f"x={tmp_path}/key").socket("x")
        assert place
        listed = subprocess.run(
            ["ssh-add", "-l"], env={**os.environ, "SSH_AUTH_SOCK": place}, capture_output=True, check=True
        )
        assert b"one@test" in listed.stdout
    assert not os.path.exists(place)


def test_a_key_with_a_passphrase_is_refused(tmp_path: Path, opened: ExitStack) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", tmp_path / "key"], check=True)
    with pytest.raises(StepError, match="ssh-add refuses"):
        agents(tmp_path, opened, f"x={tmp_path}/key").socket("x")
