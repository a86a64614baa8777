from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from builder.store.store import Store
from tests.support.registry import running_registry


@pytest.fixture
def store(tmp_path: Path) -> Generator[Store]:
    with Store.open(str(tmp_path / "store")) as opened:
        yield opened


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """An empty docker-registry, shared by the tests of this folder: give images names of your own."""
    with running_registry(str(tmp_path_factory.mktemp("registry"))) as address:
        yield address
