"""What holds for every test."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.debian import make_debian
from tests.support.scratch import Scratch, remove

settings.register_profile("pybuild", deadline=None, print_blob=True)
settings.load_profile("pybuild")

PROGRAMS = frozenset(
    {
        "bsdtar", "buildah", "chromium", "dot", "fish", "git", "htpasswd", "openssl", "podman", "setcap", "setfattr",
        "skopeo", "ssh-keygen", "sshd", "strace", "umoci", "zsh", "zstd",
    }
)  # fmt: skip
"""What tests run beside pybuild."""
SCRATCH = pytest.StashKey[Scratch]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Workers get theirs below that of the process that started them. In a shell's background the signal would be
    ignored, and so by every command under test. Files of a test may be meant for other users than the one who runs
    it, whatever the umask of their shell."""
    os.umask(0o022)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        return
    if config.option.basetemp:
        remove(Path(config.option.basetemp))  # so would pytest, but by recursion
    else:
        config.stash[SCRATCH] = Scratch()
        config.option.basetemp = config.stash[SCRATCH].base


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None]:
    """What a failed run leaves can be looked at. What cannot be removed fails the run that made it, not a later one."""
    yield
    scratch = session.config.stash.get(SCRATCH, None)
    if scratch is None or exitstatus:
        return
    in_the_way = scratch.remove()
    if in_the_way:
        pytest.exit(f"tests left what cannot be removed: {in_the_way[:2000]}", returncode=1)


@contextmanager
def _skipping_without_a_program() -> Generator[None]:
    """A test that calls a program which is not here is skipped; `.ci/run` sees to it that all are there."""
    try:
        yield
    except FileNotFoundError as error:
        if error.filename not in PROGRAMS or shutil.which(error.filename):
            raise
        pytest.skip(f"{error.filename} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    with _skipping_without_a_program():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    with _skipping_without_a_program():
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Root cannot run what is for an ordinary user: tests/test_as_user.py does, as one."""
    if os.geteuid():
        return
    ordinary = [item for item in items if item.get_closest_marker("ordinary_user")]
    if ordinary:
        config.hook.pytest_deselected(items=ordinary)
        items[:] = [item for item in items if item not in ordinary]


@pytest.fixture(scope="session")
def debian_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base of examples/python-web, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    return make_debian(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the store, the configuration or the variables of whoever runs it."""
    home: Path = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("PYBUILD_ROOT", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
