"""What holds for every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("pybuild", deadline=None, print_blob=True)
settings.load_profile("pybuild")


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the store, the configuration or the variables of whoever runs it."""
    home: Path = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("PYBUILD_ROOT", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
