"""Other people's programs, with a login and TLS: each pulls an image and pushes it under another name. crane, which
Debian does not have, was seen to do the same (2026-11-24, v0.20.2: copy, pull, push, append, validate, catalog)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.registry.server.certificates import make_certificate
from tests.registry.server.test_access import entry
from tests.support.cli import Pybuild, write
from tests.support.registry import own_registry


class Guarded:
    """A registry with the image `app/source:1`, and what its clients need: the user alice, a folder `certs`, a home."""

    def __init__(self, folder: Path, address: str, runroot: str) -> None:
        self.folder = folder
        self.address = address
        self._runroot = runroot

    def run(self, program: str, *arguments: str) -> str:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
        environment = os.environ | {
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
        }
        done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def config(self, name: str) -> str:
        """Of an image in the registry; its digest says whether two are the same."""
        return self.run("skopeo", "inspect", "--config", "--raw", *self.secret(), f"docker://{self.address}/{name}")

    def secret(self, which: str = "") -> list[str]:
        return [f"--{which}creds=alice:secret", f"--{which}cert-dir={self.folder / 'certs'}"]

    def storage(self) -> list[str]:
        """A place of its own for podman's and buildah's images."""
        return [f"--root={self.folder / 'storage'}", f"--runroot={self._runroot}", "--storage-driver=vfs"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Guarded]:
    folder = tmp_path_factory.mktemp("tools")
    certificate, key = make_certificate(folder)
    (folder / "certs").mkdir()
    shutil.copy(certificate, folder / "certs" / "ca.crt")
    (folder / "users").write_text(entry("alice", "secret"))
    options = ["-q", "--htpasswd", str(folder / "users"), "--tls-cert", certificate, "--tls-key", key]
    write(folder / "context", {"Buildfile": "FROM scratch\nCOPY Buildfile /\nLABEL is=small\n"})
    with (
        own_registry(str(folder / "root"), *options) as address,
        TemporaryDirectory(prefix="run") as runroot,  # podman takes no longer path than 50 characters
    ):
        found = Guarded(folder, address, runroot)
        builder = Pybuild(folder / "store", folder / "context")
        builder.build("-o", f"type=oci,dest={folder / 'layout'},tar=false")
        target = f"docker://{address}/app/source:1"
        found.run("skopeo", "copy", "-q", *found.secret("dest-"), f"oci:{folder / 'layout'}", target)
        yield found
        if (folder / "storage").exists():  # files of ids that only podman can remove
            found.run("podman", *found.storage(), "rmi", "--all", "--force")


def test_skopeo(guarded: Guarded) -> None:
    source, target = (f"docker://{guarded.address}/app/{name}:1" for name in ("source", "skopeo"))
    guarded.run("skopeo", "copy", "-q", *guarded.secret("src-"), *guarded.secret("dest-"), source, target)
    assert guarded.config("app/skopeo:1") == guarded.config("app/source:1")
    assert '"1"' in guarded.run("skopeo", "list-tags", *guarded.secret(), f"docker://{guarded.address}/app/skopeo")
    guarded.run("skopeo", "delete", *guarded.secret(), target)


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_podman_and_buildah(guarded: Guarded, program: str) -> None:
    source, target = (f"{guarded.address}/app/{name}:1" for name in ("source", program))
    guarded.run(program, *guarded.storage(), "pull", "-q", *guarded.secret(), source)
    guarded.run(program, *guarded.storage(), "push", "-q", *guarded.secret(), source, f"docker://{target}")
    assert guarded.config(f"app/{program}:1") == guarded.config("app/source:1")


def test_pybuild(guarded: Guarded) -> None:
    builder = Pybuild(guarded.folder / "store", guarded.folder / "context")
    environment = {"HOME": str(guarded.folder), "DOCKER_CONFIG": str(guarded.folder / "docker")}
    hosts = guarded.folder / "docker" / "certs.d" / guarded.address
    hosts.mkdir(parents=True)
    shutil.copy(guarded.folder / "cert.pem", hosts / "ca.crt")
    login = ["login", "-u", "alice", "--password-stdin", guarded.address]
    builder.run(*login, env=environment, stdin=b"secret\n")
    source, target = (f"{guarded.address}/app/{name}:1" for name in ("source", "pybuild"))
    builder.run("pull", source, env=environment)
    builder.run("tag", source, target)
    builder.run("push", target, env=environment)
    assert guarded.config("app/pybuild:1") == guarded.config("app/source:1")
