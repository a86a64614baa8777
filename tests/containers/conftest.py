"""A store with an image to run, and the containers that a test leaves ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import base_tar
from tests.support.cli import Pybuild

__all__ = ["base_tar"]


@pytest.fixture
def box(tmp_path: Path, base_tar: Path) -> Iterator[Pybuild]:
    """Its store has the image `base`."""
    (tmp_path / "context").mkdir()
    pybuild = Pybuild(tmp_path / "store", tmp_path / "context")
    pybuild.run("import", str(base_tar), "base")
    yield pybuild
    names = pybuild.run("ps", "-aq").stdout.split()
    if names:
        pybuild.run("rm", "-fv", *names)
