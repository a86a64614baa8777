from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.store.store import Store


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def store(root: str) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened
