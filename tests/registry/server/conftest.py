from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.registry.server.web import Web
from tests.support.registry import REGISTRIES, own_registry


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[Web]:
    """pybuild's registry, shared: give repositories names of your own."""
    with own_registry(str(tmp_path_factory.mktemp("own") / "root"), "-q") as address:
        yield Web(address)


@pytest.fixture(scope="session", params=REGISTRIES)
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Web]:
    """pybuild's registry and docker's, one after the other: what a test says of both is not our reading alone."""
    with REGISTRIES[request.param](str(tmp_path_factory.mktemp("either") / "root")) as address:
        yield Web(address)
