"""A store with an image to run, and the containers that a test leaves ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import base_tar
from tests.support.cli import Pybuild

__all__ = ["base_tar"]


@pytest.fixture(scope="session")
def base_store(tmp_path_factory: pytest.TempPathFactory, base_tar: Path) -> Path:
    """A store that has the image `base`, to be copied."""
    folder = tmp_path_factory.mktemp("base-store")
    Pybuild(folder / "store", folder).run("import", str(base_tar), "base")
    return folder / "store"


@pytest.fixture
def box(tmp_path: Path, base_store: Path) -> Iterator[Pybuild]:
    """Its store has the image `base`."""
    (tmp_path / "context").mkdir()
    shutil.copytree(base_store, tmp_path / "store")
    pybuild = Pybuild(tmp_path / "store", tmp_path / "context")
    yield pybuild
    names = [name for name in os.listdir(pybuild.root / "containers") if "." not in name]
    if names:
        pybuild.run("rm", "-fv", *names)
