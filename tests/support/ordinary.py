"""What root's tests do as an ordinary user: one with ranges of subordinate users and groups."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from builder.sandbox.subordinate import subordinate_ranges
from tests.support.scratch import remove

ROOT = Path(__file__).parents[2]


class OrdinaryUser(NamedTuple):
    name: str
    uid: int
    gid: int
    home: str
    python: str
    """Of our version, and one that the user may execute; ours may lie in root's home."""
    folder: Path
    """The user's own, below no folder that only root passes through."""

    def run(self, command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *(entry for entry in sys.path if entry)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd=cwd or self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """Skips the test where root has no such user at hand; the user's folder is removed at the end."""
    if os.geteuid():
        pytest.skip("these tests run as an ordinary user already")
    user = next((one for one in pwd.getpwall() if one.pw_uid and subordinate_ranges("/etc/subuid", one.pw_uid)), None)
    if user is None:
        pytest.skip("no user has ranges in /etc/subuid")
    folder = Path(tempfile.mkdtemp(prefix="user-"))  # not pytest's: the user may not even pass through root's
    os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        yield OrdinaryUser(user.pw_name, user.pw_uid, user.pw_gid, user.pw_dir, _interpreter(user), folder)
    finally:
        remove(folder)


def _interpreter(user: pwd.struct_passwd) -> str:
    version = f"python3.{sys.version_info.minor}"
    for program in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [program, "-c", "import ctypes"]
        try:
            if subprocess.run(command, user=user.pw_uid, group=user.pw_gid, check=False).returncode == 0:
                return program
        except OSError:
            continue
    pytest.skip(f"{user.pw_name} may not execute any {version}")
