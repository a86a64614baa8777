"""The same tests once more as an ordinary user, when they run as root and such a user exists."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.sandbox.subordinate import subordinate_ranges
from builder.store.trees import remove_tree

HERE = Path(__file__).parent
MODULES = ("test_run.py", "test_isolation.py", "test_worker.py", "test_layers.py", "test_one_id.py")


def _users() -> Iterator[pwd.struct_passwd]:
    """Those with ranges of subordinate users."""
    for user in pwd.getpwall():
        if user.pw_uid and subordinate_ranges("/etc/subuid", user.pw_uid):
            yield user


def _interpreter(user: pwd.struct_passwd) -> str:
    """A Python of our version that the user may execute; ours may lie in root's home."""
    version = f"python3.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [program, "-c", "import ctypes"]
        try:
            if subprocess.run(command, user=user.pw_uid, group=user.pw_gid, check=False).returncode == 0:
                return program
        except OSError:
            continue
    pytest.skip(f"{user.pw_name} may not execute any {version}")


@pytest.mark.parametrize("module", MODULES)
def test_as_an_ordinary_user(module: str) -> None:
    if os.geteuid():
        pytest.skip("these tests run as an ordinary user already")
    user = next(_users(), None)
    if user is None:
        pytest.skip("no user has ranges in /etc/subuid")
    folder = tempfile.mkdtemp(prefix="user-")  # not pytest's: the user may not even pass through root's
    os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        _run(module, user, folder)
    finally:
        remove_tree(folder)


def _run(module: str, user: pwd.struct_passwd, folder: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": user.pw_dir,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={folder}/tests", "--rootdir", str(HERE.parent.parent)]
    command = [_interpreter(user), "-m", "pytest", *options, str(HERE / module)]
    result = subprocess.run(
        command,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd=HERE.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr
