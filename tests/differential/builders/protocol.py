"""What the comparison asks of a builder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from tests.differential.case import Case


class UnusableError(Exception):
    """The builder cannot be used on this machine; the message says why."""


class Outcome(NamedTuple):
    archive: str
    """An OCI layout in a tar; empty when the builder refused or failed."""
    log: str
    crashed: bool = False
    """It ended otherwise than a program ends that has found a mistake in its input."""


class Builder(Protocol):
    name: str

    def build(self, case: Case, context: str, archive: str) -> Outcome:
        """Builds the context into the file `archive`."""


def execute(command: list[str], env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code, and all that it said."""
    done = subprocess.run(
        command,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="backslashreplace")


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without what would change a build."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("SOURCE_DATE_EPOCH", "PYBUILD_ROOT") and not name.lower().endswith("_proxy")
    }
    return inherited | dict(env or {})
