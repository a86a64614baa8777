"""A real registry (Debian's docker-registry) on loopback, and images to fill it with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

import pytest

_CONFIG = """
version: 0.1
log: {{level: info}}
storage:
  filesystem: {{rootdirectory: {folder}}}
  delete: {{enabled: true}}
http:
  addr: 127.0.0.1:0
"""


@contextmanager
def running_registry(folder: str) -> Generator[str]:
    """The `host:port` of an empty registry that keeps its files below `folder` and ends with the block."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "config.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(_CONFIG.format(folder=os.path.join(folder, "data")))
    log_path = os.path.join(folder, "log")
    with open(log_path, "wb") as log:
        process = subprocess.Popen([program, "serve", config], stderr=subprocess.PIPE, stdout=log)
    assert process.stderr is not None
    drain = None
    try:
        yield _address(process.stderr)
    finally:
        process.terminate()
        drain = process.stderr.read()
        process.wait()
        process.stderr.close()
        assert drain is not None


def copy_image(source: str, registry: str, name: str) -> None:
    """Copies an image in skopeo's spelling (`oci:DIR:TAG`) to `name` (`app:1.0`) in the registry."""
    command = ["skopeo", "copy", "--quiet", "--preserve-digests", "--all", "--dest-tls-verify=false", source]
    subprocess.run([*command, f"docker://{registry}/{name}"], check=True, capture_output=True)


def _address(log: object) -> str:
    for line in log:  # type: ignore[attr-defined]
        found = re.search(rb"listening on (127\.0\.0\.1:\d+)", line)
        if found:
            return found[1].decode()
    pytest.skip("docker-registry does not start")
