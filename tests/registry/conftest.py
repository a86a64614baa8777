from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.support.registry import REGISTRIES


@pytest.fixture(scope="session", params=REGISTRIES)
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """An empty registry, shared by the tests of this folder: give images names of your own."""
    with REGISTRIES[request.param](str(tmp_path_factory.mktemp("registry"))) as address:
        yield address
