"""Registries on loopback, Debian's docker-registry and pybuild's own, and images to fill them with.

What holds for one holds for the other: a fixture with `params=REGISTRIES` that enters
`REGISTRIES[request.param](folder)` runs its tests against both."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

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
def running_registry(folder: str, more: str = "") -> Generator[str]:
    """The `host:port` of an empty registry that keeps its files below `folder` and ends with the block. `more` follows
    in its configuration, which ends within `http:`."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    os.makedirs(folder, exist_ok=True)
    config = os.path.join(folder, "config.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(_CONFIG.format(folder=os.path.join(folder, "data")) + more)
    process = subprocess.Popen([program, "serve", config], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    # grep reads the log to its end: a full pipe would stop the registry, and a thread of ours would show in tests.
    search = ["grep", "--line-buffered", "-o", "listening on 127.0.0.1:[0-9]*"]
    with process, subprocess.Popen(search, stdin=process.stderr, stdout=subprocess.PIPE) as finder:
        assert process.stderr is not None
        assert finder.stdout is not None
        process.stderr.close()
        try:
            found = finder.stdout.readline().decode().split()
            assert found, "docker-registry does not start"
            yield found[-1]
        finally:
            process.terminate()


@contextmanager
def own_registry(folder: str, *options: str) -> Generator[str]:
    """The `host:port` of `pybuild registry serve` on the root `folder`; its log is in `folder.log`."""
    argv = [sys.executable, "-m", "builder", "registry", "serve", "--root", folder, "--addr", "127.0.0.1:0", *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with (
        open(f"{folder}.log", "ab") as log,
        subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            url = re.search(r"://([^\s\"]+)", process.stdout.readline())
            assert url, Path(f"{folder}.log").read_text()
            yield url[1]
        finally:
            process.terminate()
            process.wait(60)
    assert process.returncode == 0


REGISTRIES: dict[str, Callable[[str], AbstractContextManager[str]]] = {
    "docker-registry": running_registry,
    "pybuild": own_registry,
}


def copy_image(source: str, registry: str, name: str) -> None:
    """Copies an image in skopeo's spelling (`oci:DIR:TAG`) to `name` (`app:1.0`) in the registry."""
    options = ["--quiet", "--preserve-digests", "--all", "--dest-tls-verify=false", "--dest-no-creds"]
    subprocess.run(["skopeo", "copy", *options, source, f"docker://{registry}/{name}"], check=True, capture_output=True)
