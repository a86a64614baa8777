"""A real Debian, from the mirror that this machine's apt uses."""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

MAKE_BASE = Path(__file__).parents[2] / "examples" / "python-web" / "make-base.sh"


def make_debian(folder: Path) -> Path:
    """Its root filesystem as a tar in `folder`, made by whichever process comes first; skips where none can be had."""
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed")
    target = folder / "debian.tar"
    with (folder / "debian.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            try:
                socket.create_connection(_mirror(), timeout=30).close()
            except (OSError, IndexError) as error:
                pytest.skip(f"no package mirror: {error}")
            subprocess.run([MAKE_BASE, target], check=True)
    return target


def _mirror() -> tuple[str, int]:
    """Where this machine's apt gets its packages."""
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=True
    )
    url = urlsplit(sites.stdout.split()[0])
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
