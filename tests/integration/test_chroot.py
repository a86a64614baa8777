"""pybuild in a chroot: its root directory is no mount, and not the root of its mount namespace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

pytestmark = pytest.mark.kernel


@pytest.fixture
def jail(tmp_path: Path) -> Path:
    """This machine's own folders, below one that is no mount. They come and go in a mount namespace of the command."""
    if os.geteuid():
        pytest.skip("only root may chroot")
    root = tmp_path / "jail"
    for name in ("usr", "etc", "dev", "proc", "sys", "opt", "root", "tmp", "work", "store"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            (root / name).symlink_to(os.readlink(f"/{name}"))
    return root


def inside(jail: Path, needed: list[str], command: list[str]) -> subprocess.CompletedProcess[str]:
    binds = "".join(f'mkdir -p "{jail}{path}" && mount --rbind "{path}" "{jail}{path}" && ' for path in needed)
    line = f'{binds} exec chroot "{jail}" "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", line, "-", *command], capture_output=True, text=True, check=False
    )


def test_a_run_in_a_chroot(jail: Path, based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN pwd > /made && ls / > /names && ls /proc/1/root >> /names\n"})
    needed = ["/usr", "/dev", "/proc", "/sys", str(based.cwd), str(based.root), sys.prefix, sys.base_prefix]
    needed += [os.path.realpath(entry) for entry in sys.path if os.path.isdir(entry)] + [
        based.environment()["PYTHONPATH"]
    ]
    unique = [path for path in dict.fromkeys(needed) if not path.startswith(("/usr/", "/dev/"))]
    command = ["env", "-C", str(based.cwd), *(f"{key}={value}" for key, value in based.environment().items())]
    done = inside(
        jail, unique, [*command, *based.argv("-t", "app", "--progress", "plain", "-o", "type=local,dest=/tmp/out")]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (jail / "tmp/out/made").read_text() == "/\n"
    names = (jail / "tmp/out/names").read_text().split()
    assert "jail" not in names
    assert "store" not in names
