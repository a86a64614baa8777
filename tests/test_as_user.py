"""The same tests once more as an ordinary user, when they run as root and such a user exists. Those marked
`ordinary_user` run only here."""

from __future__ import annotations

import pytest

from tests.support.ordinary import ROOT, ordinary_user

MODULES = (
    "sandbox/test_run.py",
    "sandbox/test_isolation.py",
    "sandbox/test_mounts.py",
    "sandbox/test_worker.py",
    "sandbox/test_layers.py",
    "sandbox/test_one_id.py",
    "context/test_folder.py",
    "images/test_mount.py",
    "containers/test_interrupted.py",
    "containers/test_ordinary.py",
)


@pytest.mark.parametrize("module", MODULES)
def test_as_an_ordinary_user(module: str) -> None:
    with ordinary_user() as user:
        options = ["-q", "-p", "no:cacheprovider", f"--basetemp={user.folder}/tests", "--rootdir", str(ROOT)]
        done = user.run([user.python, "-m", "pytest", *options, str(ROOT / "tests" / module)], cwd=ROOT)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr
