"""An ssh server of this machine for whoever runs the tests, with a key of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROGRAM = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class SshServer(NamedTuple):
    url: str
    """`ssh://USER@HOST:PORT`, to which an absolute path may be added."""
    key: Path
    """Who has it may log in, and nobody else."""


@contextmanager
def ssh_server(folder: Path) -> Generator[SshServer]:
    """Keeps what it needs in `folder`, and ends with the block."""
    assert PROGRAM
    folder.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "user.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "ListenAddress": f"127.0.0.1:{port}",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        os.makedirs("/run/sshd", 0o755, exist_ok=True)  # it wants to be shut up there before a login
    command = [PROGRAM, "-D", "-e", "-f", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            for line in process.stderr:
                if "Server listening" in line:
                    break
            yield SshServer(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", folder / "user")
        finally:
            process.terminate()
            process.stderr.read()
